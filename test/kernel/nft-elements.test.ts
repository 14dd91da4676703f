import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { KernelError } from '../../src/kernel/kernel-error.ts';
import { createNetns, deleteNetns, withNetns } from '../../src/kernel/netns.ts';
import { openNft } from '../../src/kernel/nft.ts';
import type { Nft } from '../../src/kernel/nft.ts';
import type { NftElementChange, NftSet } from '../../src/kernel/nft-elements.ts';
import { commandsOfChanges } from '../support/element-commands.ts';
import { eventually } from '../support/poll.ts';

const NETNS = `podnet-test-nft-elements-${process.pid}`;

const table = { family: 'inet', table: 't' } as const;
/** Each kind of field and of set, as the rooms use them. */
const SETS: Readonly<
  Record<string, { readonly set: NftSet; readonly made: string; readonly elements: readonly string[] }>
> = {
  services: {
    set: { ...table, name: 'services', key: ['protocol', 'ipv4', 'port'], value: ['mark'] },
    made: 'map inet t services { typeof meta l4proto . ip daddr . th dport : ct mark; }',
    elements: ['tcp . 10.96.0.10 . 80 : 2', 'udp . 10.96.0.10 . 53 : 4294967295', '47 . 0.0.0.0 . 0 : 0'],
  },
  slots: {
    set: { ...table, name: 'slots', key: ['protocol', 'ipv6', 'port', 'mark'], value: ['mark'] },
    made: 'map inet t slots { typeof meta l4proto . ip6 daddr . th dport . numgen random mod 65536 : ct mark; }',
    elements: ['tcp . fd00:10:96::a . 80 . 0 : 268435463', 'sctp . ::ffff:10.0.0.1 . 65535 . 65535 : 7'],
  },
  endpoints: {
    set: { ...table, name: 'endpoints', key: ['mark'], value: ['ipv6', 'port'] },
    made: 'map inet t endpoints { type mark : ipv6_addr . inet_service; }',
    elements: ['7 : fd00:10:244::5 . 8080'],
  },
  peers: {
    set: { ...table, name: 'peers', key: ['ipv4'], value: ['mark'] },
    made: 'map inet t peers { typeof ip saddr : meta priority; }',
    elements: ['10.244.0.5 : 65543'],
  },
  networks: {
    set: { ...table, name: 'networks', key: ['ipv4'], value: ['handle'], isInterval: true },
    made: 'map inet t networks { typeof ip saddr : meta priority; flags interval; }',
    elements: [
      '0.0.0.0-9.255.255.255 : 0:3',
      '10.0.0.0/8 : 1:5',
      '192.0.2.7 : ffff:ffff',
      '224.0.0.0/3 : 0:1',
    ],
  },
  named: {
    set: { ...table, name: 'named', key: ['ipv6'], value: ['handle'], isInterval: true },
    made: 'map inet t named { typeof ip6 saddr : meta priority; flags interval; }',
    elements: ['fd00::/8 : 1:5', '2001:db8::1-2001:db8::ff : 0:7', 'ff00::/8 : 0:1'],
  },
  ports: {
    set: { ...table, name: 'ports', key: ['mark', 'protocol', 'port'], value: ['mark'], isInterval: true },
    made: 'map inet t ports { typeof meta mark . meta l4proto . th dport : meta mark; flags interval; }',
    elements: ['5 . tcp . 1-65535 : 1', '917555431 . udp . 80 : 0'],
  },
  ranges: {
    set: { ...table, name: 'ranges', key: ['protocol', 'ipv4', 'port', 'ipv4'], isInterval: true },
    made: 'set inet t ranges { typeof meta l4proto . ip daddr . th dport . ip saddr; flags interval; }',
    elements: [
      'tcp . 10.96.0.10 . 80 . 10.0.0.0/8',
      'tcp . 10.96.0.10 . 80 . 192.0.2.7/32',
      'udp . 10.96.0.0/16 . 100-200 . 0.0.0.0/0',
    ],
  },
};

const adds = (name: string, elements = SETS[name]!.elements): NftElementChange[] =>
  elements.map((element) => ({ verb: 'add', set: SETS[name]!.set, element }));

const deletes = (name: string, elements = SETS[name]!.elements): NftElementChange[] =>
  elements.map((element) => ({ verb: 'delete', set: SETS[name]!.set, element: element.split(' : ')[0]! }));

describe('elements of nftables', () => {
  let nft: Nft;
  const list = (name: string): unknown[] => {
    const kind = SETS[name]!.set.value ? 'map' : 'set';
    const [object] = nft.query(`list ${kind} inet t ${name}`);
    return ((object?.[kind]?.['elem'] ?? []) as unknown[]).map((each) => JSON.stringify(each)).sort();
  };
  const codeOf = (changes: readonly NftElementChange[]): string => {
    try {
      nft.change(changes);
    } catch (error) {
      if (error instanceof KernelError) return error.code;
      throw error;
    }
    return 'done';
  };
  before(() => {
    nft = withNetns(createNetns(NETNS), openNft);
    nft.run(['add table inet t', ...Object.values(SETS).map(({ made }) => `add ${made}`)].join('\n'));
  });
  after(() => {
    nft.close();
    deleteNetns(NETNS);
  });

  for (const name of Object.keys(SETS))
    it(`are in ${name} as nft itself would put them there`, () => {
      nft.change(adds(name));
      const written = list(name);
      assert.equal(written.length, SETS[name]!.elements.length);
      nft.change(deletes(name));
      assert.deepEqual(list(name), []);
      nft.run(commandsOfChanges(adds(name)));
      assert.deepEqual(written, list(name));
      nft.run(`flush ${SETS[name]!.set.value ? 'map' : 'set'} inet t ${name}`);
    });

  it('come and go together, deletions first', () => {
    nft.change(adds('peers', ['10.0.0.1 : 1']));
    nft.change([...adds('peers', ['10.0.0.1 : 2', '10.0.0.2 : 3']), ...deletes('peers', ['10.0.0.1'])]);
    assert.deepEqual(list('peers').length, 2);
    nft.change(deletes('peers', ['10.0.0.1', '10.0.0.2']));
  });

  it('end by themselves in a timed set, and can be deleted whether they have or not', async () => {
    nft.run('add map inet t timed { type ipv4_addr : mark; flags timeout; }');
    const set: NftSet = { ...table, name: 'timed', key: ['ipv4'], value: ['mark'], isTimed: true };
    const change = (verb: NftElementChange['verb'], timeoutMs: number): NftElementChange => ({
      verb,
      set,
      element: verb === 'delete' ? '10.0.0.1' : '10.0.0.1 : 1',
      ...(verb !== 'delete' && { timeoutMs }),
    });
    const listed = (): unknown => nft.query('list map inet t timed')[0]?.['map']?.['elem'];
    nft.change([change('add', 20)]);
    await eventually('it has ended', () => listed() === undefined);
    nft.change([change('ensure', 60_000), change('delete', 0)]);
    assert.equal(listed(), undefined);
    nft.change([change('add', 3_600_000)]);
    assert.match(JSON.stringify(listed()), /"timeout":3600/);
    nft.change([change('ensure', 60_000), change('delete', 0)]);
    assert.equal(listed(), undefined);
  });

  it('change all or not at all', () => {
    nft.change(adds('peers', ['10.0.0.1 : 1']));
    assert.equal(
      codeOf([...adds('peers', ['10.0.0.2 : 1']), ...deletes('services', ['tcp . 10.9.9.9 . 9'])]),
      'ENOENT',
    );
    assert.equal(
      codeOf([...adds('services', ['tcp . 10.9.9.9 . 9 : 1']), ...adds('peers', ['10.0.0.1 : 2'])]),
      'EEXIST',
    );
    assert.equal(codeOf(adds('peers', ['10.0.0.1 : 1'])), 'done', 'one that is there so');
    assert.deepEqual([list('peers').length, list('services').length], [1, 0]);
    nft.change(deletes('peers', ['10.0.0.1']));
  });

  it('are a hundred thousand in one transaction', () => {
    const many = Array.from(
      { length: 100_000 },
      (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255} : ${i}`,
    );
    nft.change(adds('peers', many));
    assert.equal(list('peers').length, many.length);
    nft.change(deletes('peers', many));
    assert.equal(list('peers').length, 0);
  });

  it('that are no such element are refused by name', () => {
    for (const element of [
      '10.0.0.256 : 1',
      '10.0.0.1 : -1',
      '10.0.0.1 . 80 : 1',
      'fd00::1 : 1',
      '10.0.0.1 : 4294967296',
    ])
      assert.throws(() => nft.change(adds('peers', [element])), {
        name: 'TypeError',
        message: /not (ipv4|mark)/,
      });
  });
});
