// The dumps are Linux 6.18's own, x86-64, of what iproute2 6.1 had made; the comment above each is the command.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { bitsOf, formatAddress, parseAddress } from '../../ip/address.ts';
import type { Address, Family } from '../../ip/address.ts';
import { prefixOf } from '../../ip/prefix.ts';
import { decodeInterfaceAddress, encodeInterfaceAddress } from './interface-address.ts';
import { decodeLink, encodeLink } from './link.ts';
import type { Link } from './link.ts';
import { decodeNeighbor, encodeNeighbor } from './neighbor.ts';
import { decodeRoute, encodeRoute, formatRoute } from './route.ts';
import type { Route } from './route.ts';

const fromHex = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

const index = fc.integer({ min: 1, max: 0x7fff_ffff });
const plain = { noNullPrototype: true };
const family = fc.constantFrom<Family>(4, 6);
const addressOf = (of: Family): fc.Arbitrary<Address> =>
  fc.bigInt({ min: 0n, max: (1n << BigInt(bitsOf(of))) - 1n }).map((value) => ({ family: of, value }));
const address = family.chain(addressOf);
const mac = fc
  .uint8Array({ minLength: 6, maxLength: 6 })
  .map((bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':'));
const name = fc.string({ unit: fc.constantFrom('a', 'b', '.', '-', '1'), minLength: 1, maxLength: 15 });

const plainLink = {
  index,
  name,
  up: fc.boolean(),
  mtuBytes: fc.integer({ min: 68, max: 65535 }),
  mac,
  masterIndex: index,
  peerIndex: index,
  alias: fc.string({ minLength: 1, maxLength: 255, unit: 'grapheme-ascii' }),
  group: index,
  netnsFd: index,
  linkLocal: fc.constantFrom<'eui64' | 'none'>('eui64', 'none'),
};
const link: fc.Arbitrary<Link> = fc.record(
  {
    ...plainLink,
    info: fc.oneof(
      fc.record({ kind: fc.constant('bridge' as const), multicastSnooping: fc.boolean() }, plain),
      fc.record(
        {
          kind: fc.constant('veth' as const),
          peer: fc.record(plainLink, { requiredKeys: ['up'], ...plain }),
        },
        plain,
      ),
      fc.record({ kind: fc.constant('veth' as const) }, plain),
      fc.record({ kind: fc.constant('other' as const), name: fc.constantFrom('vxlan', 'macvlan') }, plain),
    ),
  },
  { requiredKeys: ['up'], ...plain },
);

const interfaceAddress = address.chain((of) =>
  fc.record(
    {
      linkIndex: index,
      address: fc.constant(of),
      length: fc.nat(bitsOf(of.family)),
      scope: fc.constantFrom<'global' | 'link' | 'host'>('global', 'link', 'host'),
      noDad: fc.boolean(),
    },
    plain,
  ),
);
const neighbor = fc.record({ linkIndex: index, address, mac, permanent: fc.boolean() }, plain);
const nextHop = (of: Family) =>
  fc.record({ via: addressOf(of), linkIndex: index }, { requiredKeys: ['linkIndex'], ...plain });
const route: fc.Arbitrary<Route> = family.chain((of) =>
  fc.record(
    {
      destination: fc
        .tuple(addressOf(of), fc.nat(bitsOf(of)))
        .map(([first, length]) => prefixOf(first, length)),
      via: addressOf(of),
      linkIndex: index,
      onLink: fc.constant(true),
      source: addressOf(of),
      scope: fc.constantFrom<Route['scope']>('global', 'link', 'host'),
      protocol: fc.nat(255),
      table: fc.integer({ min: 1, max: 100_000 }),
      type: fc.constantFrom<Route['type']>('unicast', 'blackhole', 'unreachable'),
      nextHops: fc.array(nextHop(of), { minLength: 1, maxLength: 4 }),
    },
    { requiredKeys: ['destination', 'scope', 'protocol', 'table', 'type'], ...plain },
  ),
);

describe('rtnetlink', () => {
  it('decode reads what encode wrote: links, addresses, routes, neighbours', () => {
    fc.assert(fc.property(link, (value) => assert.deepEqual(decodeLink(encodeLink(value)), value)));
    fc.assert(
      fc.property(interfaceAddress, (value) =>
        assert.deepEqual(decodeInterfaceAddress(encodeInterfaceAddress(value)), value),
      ),
    );
    fc.assert(fc.property(route, (value) => assert.deepEqual(decodeRoute(encodeRoute(value)), value)));
    fc.assert(
      fc.property(neighbor, (value) => assert.deepEqual(decodeNeighbor(encodeNeighbor(value)), value)),
    );
  });

  it('decodeInterfaceAddress() reads the kernel’s dump', () => {
    // ip addr add 10.244.0.5/24 dev veth0
    const v4 =
      '0218800003000000080001000af400050800020' +
      '00af400050a0003007665746830000000080008008000000014000600ffffffffffffffffc2860300c2860300';
    // ip addr add fd00:10:244::5/64 dev veth0 nodad
    const v6 =
      '0a4082000300000014000100fd000010024400000000000000000005' +
      '14000600ffffffffffffffffc2860300c28603000800080082000000';
    const show = (hex: string) => {
      const { address: of, ...rest } = decodeInterfaceAddress(fromHex(hex))!;
      return { address: formatAddress(of), ...rest };
    };
    assert.deepEqual(show(v4), {
      address: '10.244.0.5',
      linkIndex: 3,
      length: 24,
      scope: 'global',
      noDad: false,
    });
    assert.deepEqual(show(v6), {
      address: 'fd00:10:244::5',
      linkIndex: 3,
      length: 64,
      scope: 'global',
      noDad: true,
    });
  });

  it('decodeRoute() and formatRoute() say what `ip route` was told', () => {
    const dumps: Readonly<Record<string, string>> = {
      '10.244.1.0/24 via 10.244.0.9 dev if3 src 10.244.0.5':
        '02180000fe7000010000000008000f00fe000000080001000af40100080007000af40005080005000af400090800040003000000',
      '10.96.0.0/16 nexthop via 10.244.0.11 dev if3 nexthop via 10.244.0.12 dev if3':
        '02100000fe0400010000000008000f00fe000000080001000a600000' +
        '240009001000000003000000080005000af4000b1000000003000000080005000af4000c',
      'default via fe80::1 dev if3 onlink':
        '0a000000fe0300010400000008000f00fe000000080006000004000014000500fe800000000000000000000000000001' +
        '080004000300000024000c0000000000000000000000000000000000000000000000000000000000000000000500140000000000',
    };
    for (const [text, hex] of Object.entries(dumps))
      assert.equal(formatRoute(decodeRoute(fromHex(hex))!), text);
  });

  it('decodeNeighbor() reads the kernel’s dump', () => {
    // ip neigh add 10.244.0.7 lladdr 0a:58:0a:f4:00:07 dev veth0 nud permanent
    const hex =
      '020000000300000080000001080001000af400070a0002000a580af4000700000800040000000000140003000c0000000c0000000c00000000000000';
    assert.deepEqual(decodeNeighbor(fromHex(hex)), {
      linkIndex: 3,
      address: parseAddress('10.244.0.7'),
      mac: '0a:58:0a:f4:00:07',
      permanent: true,
    });
  });

  it('decoders say nothing of other families', () => {
    assert.equal(decodeRoute(new Uint8Array(12).fill(7, 0, 1)), undefined); // AF_BRIDGE
    assert.equal(decodeInterfaceAddress(new Uint8Array(8)), undefined);
    assert.equal(decodeNeighbor(new Uint8Array(12)), undefined);
  });
});
