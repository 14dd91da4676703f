import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseAddress } from '../ip/address.ts';
import { PROTOCOL_UDP, flowText } from '../wire/conntrack.ts';
import type { Flow } from '../wire/conntrack.ts';
import type { Conntrack } from '../kernel/conntrack.ts';
import type { Effects } from './apply.ts';
import type { Programmed } from './diff.ts';
import { conntrackDeleted } from './metrics.ts';
import { deleteStaleFlows } from './stale-flows.ts';

/** A flow from 10.0.0.1 to port 53 of `to`, answered by `by`. */
const flow = (to: string, by: string, mark = 0, protocol = PROTOCOL_UDP): Flow => {
  const [client, front, endpoint] = ['10.0.0.1', to, by].map((text) => parseAddress(text)!);
  return {
    original: { protocol, source: client!, sourcePort: 1000, destination: front!, destinationPort: 53 },
    reply: { protocol, source: endpoint!, sourcePort: 53, destination: client!, destinationPort: 1000 },
    mark,
  };
};
const entry = (match: string): Programmed => ({
  map: 'services',
  family: 4,
  match,
  code: 1,
  slots: [],
  allowed: [],
});
const gone = (match: string, ...ids: number[]): Effects['gone'] =>
  ids.map((id) => ({ entry: entry(match), slot: { id, at: '', isHairpin: false, isSticky: false } }));

/** What the kernel is asked to delete among these flows. */
const deleted = (effects: Partial<Effects>, ...flows: readonly Flow[]): string[] => {
  const asked: string[] = [];
  const conntrack: Conntrack = {
    listMarked: (family, mark) => (family === 4 ? flows.filter((each) => each.mark === mark) : []),
    delete: (originals) => void asked.push(...originals.map(flowText)),
    list: (family) => (family === 4 ? flows : []),
    close: () => {},
  };
  deleteStaleFlows(conntrack, { gone: [], fresh: [], ...effects });
  return asked;
};

const countOf = ({ samples }: typeof conntrackDeleted): number =>
  samples().find(({ labels }) => labels['ip_family'] === 'IPv4')?.value ?? 0;

describe('deleteStaleFlows()', () => {
  it('deletes the flows to a UDP endpoint that is gone, and leaves TCP alone', () => {
    const all = [...gone('udp . 10.96.0.10 . 53', 7), ...gone('tcp . 10.96.0.10 . 53', 8)];
    const flows = [flow('10.96.0.10', '10.244.0.5', 7), flow('10.96.0.11', '10.244.0.5', 8)];
    const before = countOf(conntrackDeleted);
    assert.deepEqual(deleted({ gone: all }, ...flows), ['udp 10.0.0.1 1000 -> 10.96.0.10 53']);
    assert.equal(countOf(conntrackDeleted), before + 1);
  });

  it('looks through the list once where many are gone', () => {
    const ids = Array.from({ length: 20 }, (_, index) => index + 1);
    const flows = [flow('10.96.0.10', '10.244.0.5', 20), flow('10.96.0.11', '10.244.0.5', 21)];
    assert.deepEqual(deleted({ gone: gone('udp . 10.96.0.10 . 53', ...ids) }, ...flows), [
      'udp 10.0.0.1 1000 -> 10.96.0.10 53',
    ]);
  });

  it('deletes flows to a new entry that began before it, not those that it translates already', () => {
    const fresh = [entry('udp . 172.30.0.11 . 53')];
    const before = flow('172.30.0.11', '172.30.0.11');
    const translated = flow('172.30.0.11', '10.244.0.5', 7);
    const other = flow('172.30.0.12', '172.30.0.12');
    const tcp = flow('172.30.0.11', '172.30.0.11', 0, 6);
    assert.deepEqual(deleted({ fresh }, before, translated, other, tcp), [
      'udp 10.0.0.1 1000 -> 172.30.0.11 53',
    ]);
  });
});
