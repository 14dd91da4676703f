// Sets of ports of all protocols, made of the spans between which no policy of a world tells ports apart.
import type { PolicyPod, Protocol } from './world.ts';
import { PROTOCOLS } from './world.ts';
import type { PolicyRules, PortMatch } from './rules.ts';

/** Ports of one protocol that are alike to all policies; `other` stands for ICMP and everything without ports. */
export type PortSpan =
  | { readonly protocol: Protocol; readonly from: number; readonly to: number }
  | { readonly protocol: 'other' };

/** Ordered by protocol and port, without overlaps. */
export type PortSet = readonly PortSpan[];

const LAST_PORT = 65_535;

/** Every port of every protocol, cut where a policy may tell two ports apart; names are cut at whatever a pod gives them. */
export const spansOf = (policies: readonly PolicyRules[], pods: Iterable<PolicyPod>): PortSet => {
  const matches = policies
    .flatMap(({ ingress = [], egress = [] }) => [...ingress, ...egress])
    .flatMap(({ ports }) => (ports === 'any' ? [] : ports));
  const names = new Set(matches.flatMap((match) => (match.kind === 'named' ? [match.name] : [])));
  const numbers: PortMatch[] = [...pods]
    .flatMap(({ namedPorts }) => namedPorts)
    .filter(({ name }) => names.has(name))
    .map(({ protocol, port }) => ({ kind: 'port', protocol, from: port, to: port }));
  const spans = PROTOCOLS.flatMap((protocol) => cut(protocol, [...matches, ...numbers]));
  return [...spans, { protocol: 'other' }];
};

const cut = (protocol: Protocol, matches: readonly PortMatch[]): PortSpan[] => {
  const edges = matches.flatMap((match) =>
    match.kind === 'port' && match.protocol === protocol ? [match.from, match.to + 1] : [],
  );
  const starts = [...new Set([1, ...edges])].filter((edge) => edge <= LAST_PORT).sort((a, b) => a - b);
  return starts.map((from, index) => ({ protocol, from, to: (starts[index + 1] ?? LAST_PORT + 1) - 1 }));
};

/** The same set with neighbouring spans as one. */
export const joinSpans = (spans: PortSet): PortSet => {
  const joined: PortSpan[] = [];
  for (const span of spans) {
    const last = joined.at(-1);
    const isNext = last && hasPorts(last) && hasPorts(span) && follows(last, span);
    if (isNext) joined[joined.length - 1] = { ...last, to: span.to };
    else joined.push(span);
  }
  return joined;
};

type PortedSpan = Exclude<PortSpan, { protocol: 'other' }>;

const follows = (last: PortedSpan, span: PortedSpan): boolean =>
  last.protocol === span.protocol && last.to + 1 === span.from;

const hasPorts = (span: PortSpan): span is PortedSpan => span.protocol !== 'other';

/** For people: `TCP 80,443; UDP`, or `everything but TCP 80` where that says it shorter. */
export const portSetText = (set: PortSet): string => {
  const rest = complement(set);
  if (rest.length === 0) return 'everything';
  const has = (spans: PortSet): boolean => spans.some(({ protocol }) => protocol === 'other');
  return has(set) && rest.length < set.length ? `everything but ${listText(rest)}` : listText(set);
};

const complement = (set: PortSet): PortSet =>
  joinSpans([
    ...PROTOCOLS.flatMap((protocol) => {
      const taken = set.filter(hasPorts).filter((span) => span.protocol === protocol);
      const starts = [1, ...taken.map(({ to }) => to + 1)];
      const ends = [...taken.map(({ from }) => from - 1), LAST_PORT];
      return starts
        .map((from, index) => ({ protocol, from, to: ends[index]! }))
        .filter(({ from, to }) => from <= to);
    }),
    ...(set.some((span) => !hasPorts(span)) ? [] : [{ protocol: 'other' as const }]),
  ]);

const listText = (set: PortSet): string =>
  [...PROTOCOLS, 'other' as const]
    .flatMap((protocol) => {
      const spans = set.filter((span) => span.protocol === protocol);
      return spans.length === 0
        ? []
        : [protocol === 'other' ? 'ICMP and others' : protocolText(protocol, spans)];
    })
    .join('; ');

const protocolText = (protocol: Protocol, spans: PortSet): string => {
  const ranges = spans.filter(hasPorts);
  if (ranges[0]?.from === 1 && ranges[0].to === LAST_PORT) return `all of ${protocol}`;
  return `${protocol} ${ranges.map(({ from, to }) => (from === to ? from : `${from}-${to}`)).join(',')}`;
};
