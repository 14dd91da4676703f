// What the proxy does behind the changes: puts rules back, takes chains away.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createNetns, deleteNetns, netnsPath, withNetns } from '../../src/kernel/netns.ts';
import { openNft } from '../../src/kernel/nft.ts';
import type { Nft } from '../../src/kernel/nft.ts';
import type { NftElementChange } from '../../src/kernel/nft-elements.ts';
import { Cache } from '../../src/informer/cache.ts';
import type { Service } from '../../src/k8s/generated/types.ts';
import { KernelError } from '../../src/kernel/kernel-error.ts';
import { silentLog } from '../../src/lang/log.ts';
import { Programmer } from '../../src/services/apply.ts';
import { ServiceSync } from '../../src/services/service-sync.ts';
import { entryKey } from '../../src/services/state.ts';
import type { Entry } from '../../src/services/state.ts';
import { commandsOfChanges } from '../support/element-commands.ts';
import { storedAs } from '../support/object-builders.ts';
import { eventually } from '../support/poll.ts';
import { startProxyAgent } from '../support/proxy-agent.ts';
import type { ProxyAgent } from '../support/proxy-agent.ts';
import { service, slice } from '../support/service-objects.ts';
import { runOk } from '../support/test-cluster.ts';

const NETNS = `podnet-test-svc-upkeep-${process.pid}`;
const TABLE = 'ip podnet-services';

describe('the upkeep of the service tables', () => {
  let nft: Nft;
  let proxy: ProxyAgent;
  const list = (what: string): Promise<string> =>
    runOk('ip', ['netns', 'exec', NETNS, 'nft', '-s', 'list', ...what.split(' ')]);
  const listSorted = async (): Promise<string[]> => (await list(`table ${TABLE}`)).split('\n').sort();

  before(async () => {
    nft = withNetns(createNetns(NETNS), openNft);
    proxy = await startProxyAgent({
      netns: netnsPath(NETNS),
      nodeName: 'node-1',
      zone: undefined,
      nodeAddresses: [],
      podCidrs: ['10.244.0.0/16'],
      serviceCidrs: ['10.96.0.0/16'],
      services: [service('web', 10), service('other', 11, { sessionAffinity: 'ClientIP' })],
      slices: [slice('web', ['10.244.0.2', '10.244.0.3']), slice('other', ['10.244.0.2'])],
    });
  });
  after(async () => {
    await proxy?.close();
    nft?.close();
    deleteNetns(NETNS);
  });

  for (const [what, command] of [
    ['a table', `delete table ${TABLE}`],
    ['a rule', `flush chain ${TABLE} dispatch`],
    ['a rule of a shape', `flush chain ${TABLE} pick-2`],
    ['a verdict', `delete element ${TABLE} shapes { 2 }`],
    ['a Service', `delete element ${TABLE} services { tcp . 10.96.0.10 . 80 }`],
    ['all endpoints', `flush map ${TABLE} endpoints`],
    ['everything', 'flush ruleset'],
  ] as const) {
    it(`puts back ${what} that someone else removed, without being told`, async () => {
      const { length } = await listSorted();
      nft.run(command);
      await eventually('it is back', async () => (await listSorted()).length === length, 10_000);
      assert.match(await list(`chain ${TABLE} dispatch`), /@services/);
      assert.match(await list(`chain ${TABLE} pick-2`), /@slots/);
    });
  }

  it('takes away what someone else added', async () => {
    nft.run(`add element ${TABLE} services { tcp . 10.96.0.99 . 80 : 2 }`);
    await eventually('it is gone', async () => !(await list(`map ${TABLE} services`)).includes('10.96.0.99'));
  });

  it('leaves its rules alone when others write only to theirs', async () => {
    const before = await list(`table ${TABLE}`);
    nft.run('add table ip someone; add chain ip someone c; add rule ip someone c accept');
    const handles = () =>
      runOk('ip', ['netns', 'exec', NETNS, 'nft', '-a', 'list', 'chain', ...TABLE.split(' '), 'act']);
    const rule = await handles();
    proxy.order({ put: 'service', object: service('more', 12) });
    await eventually('the proxy went on', async () => (await list(`table ${TABLE}`)) !== before);
    assert.equal(await handles(), rule, 'the same rules, not new ones like them');
  });
});

describe('Programmer.open()', () => {
  it('touches only what is not whole, each of these in one transaction', () => {
    const name = `${NETNS}-strays`;
    const nft = withNetns(createNetns(name), openNft);
    try {
      const site = { podCidrs: ['10.244.0.0/16'], serviceCidrs: ['10.96.0.0/16'] };
      const wanted = ['whole', 'slotless', 'frontless', 'limited'].map((key, index) => ({
        key: entryKey({ map: 'services', match: front(index) }),
        wanted: { ...balance(front(index), 3), allowed: key === 'limited' ? ['192.0.2.7/32'] : [] },
      }));
      Programmer.open(nft, site, silentLog).program(wanted);
      const before = elementLines(nft);
      const run = (verb: string, element: string): void => nft.run(`${verb} element ${TABLE} ${element}`);
      run('delete', `slots { ${front(1)} . 2 }`);
      run('delete', `services { ${front(2)} }`);
      run('delete', `limited-services { ${front(3)} }`);
      run('add', `slots { ${front(4)} . 0 : 77 }`);
      run('add', `endpoints { 78 : 10.244.9.9 . 80 }`);

      const transactions: string[] = [];
      const programmer = Programmer.open(recording(nft, transactions), site, silentLog);
      transactions.length = 0;
      programmer.program(wanted);
      programmer.removeStrays();
      assert.deepEqual(elementLines(nft).map(withoutIds), before.map(withoutIds));
      const touching = (match: string): number =>
        transactions.filter((text) => text.includes(`${match} `)).length;
      assert.deepEqual(
        [0, 1, 2, 3].map((index) => touching(front(index))),
        [0, 1, 1, 1],
      );
    } finally {
      nft.close();
      deleteNetns(name);
    }
  });
});

const front = (index: number): string => `tcp . 10.96.0.2${index} . 80`;

const balance = (match: string, count: number): Entry => ({
  map: 'services',
  family: 4,
  match,
  action: {
    kind: 'balance',
    targets: Array.from({ length: count }, (_, i) => ({ at: `10.244.0.${i} . 80`, isLocal: false })),
    masquerade: 'none',
    stickySeconds: undefined,
  },
});

const recording = (nft: Nft, transactions: string[]): Nft =>
  new Proxy(nft, {
    get: (target, name) =>
      name === 'change'
        ? (changes: readonly NftElementChange[]): void => {
            transactions.push(commandsOfChanges(changes));
            target.change(changes);
          }
        : (Reflect.get(target, name) as (...args: unknown[]) => unknown).bind(target),
  });

const MAPS = ['services', 'slots', 'endpoints', 'limited-services', 'source-ranges'];

const elementLines = (nft: Nft): string[] =>
  MAPS.flatMap((map) => {
    const kind = map === 'limited-services' || map === 'source-ranges' ? 'set' : 'map';
    const listed = nft
      .query(`list ${kind} ${TABLE} ${map}`)
      .map((each) => each[kind])
      .find((each) => each !== undefined);
    const elements = (listed?.['elem'] ?? []) as readonly unknown[];
    return elements.map((element) => `${map} ${JSON.stringify(element)}`).sort();
  });

/** An endpoint that is written again gets another id. */
const withoutIds = (line: string): string => line.replaceAll(/\b\d{9,}\b/g, 'ID');

describe('Programmer.collect()', () => {
  it('takes away the chain of a count that no entry has had for a while', () => {
    const name = `${NETNS}-gc`;
    const nft = withNetns(createNetns(name), openNft);
    try {
      const programmer = Programmer.open(nft, { podCidrs: [], serviceCidrs: [] }, silentLog);
      const entry = (count: number): Entry => balance(front(0), count);
      const chains = (): string[] => JSON.stringify(nft.query(`list chains ip`)).match(/pick-\d/g) ?? [];
      for (const count of [2, 3]) programmer.program([{ key: 'web', wanted: entry(count) }]);
      programmer.collect();
      assert.deepEqual(chains(), ['pick-2', 'pick-3'], 'it may be needed again soon');
      programmer.collect();
      assert.deepEqual(chains(), ['pick-3']);
      programmer.program([{ key: 'web', wanted: entry(2) }]);
      assert.deepEqual(chains(), ['pick-3', 'pick-2'], 'and is made again when it is');
    } finally {
      nft.close();
      deleteNetns(name);
    }
  });
});

describe('ServiceSync.apply()', () => {
  it('recovers when what a former agent left went, and that was not told (EINTR)', async () => {
    const name = `${NETNS}-sweep`;
    const nft = withNetns(createNetns(name), openNft);
    try {
      const services = new Cache<Service>({});
      services.set(storedAs(service('left', 10)));
      await syncOver(nft, services).apply(new Set(['ns/left']));
      services.delete(services.get('ns/left')!);
      const sync = syncOver({ ...nft, change: untold(nft) }, services);
      await assert.rejects(sync.apply(new Set()), { code: 'EINTR' });
      assert.equal(sync.isSuspect(), true);
      assert.equal(await sync.verify(), false);
      sync.restart();
      assert.deepEqual(await sync.apply(new Set()), new Set());
      assert.ok(sync.isWhole && !sync.isSuspect());
    } finally {
      nft.close();
      deleteNetns(name);
    }
  });
});

const syncOver = (nft: Nft, services: Cache<Service>): ServiceSync =>
  new ServiceSync({
    site: () => ({
      nodeName: 'node-1',
      zone: undefined,
      nodeAddresses: [],
      podCidrs: ['10.244.0.0/16'],
      serviceCidrs: ['10.96.0.0/16'],
    }),
    services,
    slicesOf: () => [],
    nft,
    onEffects: () => {},
    onWhole: () => {},
    onService: () => {},
    log: silentLog,
  });

/** Does what it is told, and once, when elements are deleted, says that it was interrupted. */
const untold = (nft: Nft): Nft['change'] => {
  let isDue = true;
  return (changes) => {
    nft.change(changes);
    if (!isDue || !changes.some(({ verb }) => verb === 'delete')) return;
    isDue = false;
    throw new KernelError('EINTR', 'nft: interrupted');
  };
};
