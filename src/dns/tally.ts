// Counts of what is asked and answered, cheap enough for each question: plain numbers at fixed places. Read by metrics.ts.
import { RCODE, TYPE } from '../wire/dns/constants.ts';

/** CoreDNS counts these by name (plugin/metrics/vars/monitor.go) and all others together. */
const TYPES: readonly (readonly [string, number])[] = [
  ['A', TYPE.A],
  ['AAAA', TYPE.AAAA],
  ['CNAME', TYPE.CNAME],
  ['HTTPS', 65],
  ['MX', TYPE.MX],
  ['NS', TYPE.NS],
  ['PTR', TYPE.PTR],
  ['SOA', TYPE.SOA],
  ['SRV', TYPE.SRV],
  ['TXT', TYPE.TXT],
  ['ANY', TYPE.ANY],
];
const OTHER = TYPES.length;
const PLACES = OTHER + 1;

const placeByType = new Uint8Array(256).fill(OTHER);
TYPES.forEach(([, type], place) => (placeByType[type] = place));

export type Proto = 'udp' | 'tcp';
export type Source = 'kubernetes' | 'forward';

const PROTOS: readonly Proto[] = ['udp', 'tcp'];
const FAMILY_NAMES = ['1', '2'] as const; // as CoreDNS has it: IPv4, IPv6
const SOURCES: readonly Source[] = ['kubernetes', 'forward'];
const RCODES = 24;

const asked = new Float64Array(PROTOS.length * FAMILY_NAMES.length * PLACES);
const answered = new Float64Array(SOURCES.length * RCODES);

export const countRequest = (proto: Proto, isV6: boolean, type: number): void => {
  const transport = (proto === 'tcp' ? 2 : 0) + (isV6 ? 1 : 0);
  asked[transport * PLACES + (type < 256 ? placeByType[type]! : OTHER)]!++;
};

export const countResponse = (source: Source, rcode: number): void => {
  if (rcode < RCODES) answered[(source === 'forward' ? RCODES : 0) + rcode]!++;
};

type Count = { readonly labels: Readonly<Record<string, string>>; readonly value: number };

export const requestCounts = (): readonly Count[] =>
  PROTOS.flatMap((proto, p) =>
    FAMILY_NAMES.flatMap((family, f) =>
      [...TYPES.map(([name]) => name), 'other'].map((type, place) => ({
        labels: { proto, family, type },
        value: asked[(2 * p + f) * PLACES + place]!,
      })),
    ),
  ).filter(({ value }) => value > 0);

export const responseCounts = (): readonly Count[] =>
  SOURCES.flatMap((plugin, s) =>
    Array.from({ length: RCODES }, (_, rcode) => ({
      labels: { rcode: rcodeName(rcode), plugin },
      value: answered[s * RCODES + rcode]!,
    })),
  ).filter(({ value }) => value > 0);

const RCODE_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(RCODE).map(([name, value]) => [value, name]),
);

export const rcodeName = (rcode: number): string => RCODE_NAMES.get(rcode) ?? 'OTHER';
