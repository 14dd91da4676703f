// Sets of (protocol, port), on one line of numbers: all ports of TCP, those of UDP, those of SCTP, and one point for
// everything that has no such ports. First match over tiers is then plain arithmetic of sets.
//
//   0          65536      131072     196608    196609
//   | TCP 0..  | UDP 0..  | SCTP 0..  | others |
import { PROTOCOLS } from '../model/world.ts';
import type { Protocol } from '../model/world.ts';

/** Where the set begins, ends, begins again, ...: ascending. */
export type PortLine = readonly number[];

const PORTS = 0x1_0000;
const OTHERS = PROTOCOLS.length * PORTS;

export const NOTHING: PortLine = [];
export const EVERYTHING: PortLine = [0, OTHERS + 1];

/** Both ends belong to it. */
export const portsLine = (protocol: Protocol, from: number, to: number): PortLine => {
  const start = PROTOCOLS.indexOf(protocol) * PORTS;
  return [start + from, start + to + 1];
};

/** Every port of the protocol, 0 included: a packet can have it. */
export const protocolLine = (protocol: Protocol): PortLine => portsLine(protocol, 0, PORTS - 1);

export const union = (a: PortLine, b: PortLine): PortLine => combine(a, b, (inA, inB) => inA || inB);
export const intersection = (a: PortLine, b: PortLine): PortLine => combine(a, b, (inA, inB) => inA && inB);
export const difference = (a: PortLine, b: PortLine): PortLine => combine(a, b, (inA, inB) => inA && !inB);

export const isEqualLine = (a: PortLine, b: PortLine): boolean =>
  a.length === b.length && a.every((boundary, i) => boundary === b[i]);

/** Whether the connections without a port of the three protocols are in the set. */
export const hasOthers = (line: PortLine): boolean => line.at(-1) === OTHERS + 1;

export type PortInterval = { readonly protocol: Protocol; readonly from: number; readonly to: number };

/** The set without `others`, by protocol. */
export const portIntervals = (line: PortLine): readonly PortInterval[] =>
  PROTOCOLS.flatMap((protocol, at) => {
    const ofProtocol = intersection(line, protocolLine(protocol));
    return Array.from({ length: ofProtocol.length / 2 }, (_, i) => ({
      protocol,
      from: ofProtocol[2 * i]! - at * PORTS,
      to: ofProtocol[2 * i + 1]! - at * PORTS - 1,
    }));
  });

/** Walks both lines at once; after an odd number of boundaries one is inside. */
const combine = (a: PortLine, b: PortLine, keep: (inA: boolean, inB: boolean) => boolean): PortLine => {
  const made: number[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    const at = Math.min(a[i] ?? Infinity, b[j] ?? Infinity);
    if (a[i] === at) i++;
    if (b[j] === at) j++;
    const isInside = made.length % 2 === 1;
    if (keep(i % 2 === 1, j % 2 === 1) !== isInside) made.push(at);
  }
  return made;
};
