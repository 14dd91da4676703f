import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { policy, worldOf } from '../../../test/support/policy-world.ts';
import { joinSpans, portSetText, spansOf } from './port-set.ts';
import type { PortSpan } from './port-set.ts';

const pods = worldOf({
  namespaces: { a: '' },
  pods: { 'a/one': '10.1.0.1 http:8080 other:1', 'a/two': '10.1.0.2 http:53/UDP' },
}).pods;

const tcp = (from: number, to = from): PortSpan => ({ protocol: 'TCP', from, to });
const other: PortSpan = { protocol: 'other' };
const all = spansOf([], []);

describe('spansOf()', () => {
  it('cuts each protocol at the ports of the rules, and at what pods give the names of the rules to', () => {
    const ports = [{ port: 80 }, { port: 90, endPort: 65_535 }, { port: 'http' }];
    const text = spansOf([policy('a/p', { ingress: [{ ports }] })], pods.values())
      .map((span) => (span.protocol === 'other' ? 'other' : `${span.protocol} ${span.from}-${span.to}`))
      .join(', ');
    assert.equal(
      text,
      'TCP 1-79, TCP 80-80, TCP 81-89, TCP 90-8079, TCP 8080-8080, TCP 8081-65535, ' +
        'UDP 1-52, UDP 53-53, UDP 54-65535, SCTP 1-65535, other',
    );
  });
});

describe('portSetText()', () => {
  it('is short, by what there is or by what is not', () => {
    const table: [PortSpan[], string][] = [
      [[...all], 'everything'],
      [[tcp(80)], 'TCP 80'],
      [[tcp(80), tcp(81), tcp(90, 99), other], 'TCP 80-81,90-99; ICMP and others'],
      [[...all.slice(0, 1)], 'all of TCP'],
      [[tcp(1, 79), tcp(81, 65_535), ...all.slice(1)], 'everything but TCP 80'],
      [[...all.slice(0, 3)], 'all of TCP; all of UDP; all of SCTP'],
    ];
    for (const [spans, text] of table) assert.equal(portSetText(joinSpans(spans)), text);
  });
});
