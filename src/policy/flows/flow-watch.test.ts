import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import { policy, worldOf } from '../../../test/support/policy-world.ts';
import { parseAddress } from '../../ip/address.ts';
import type { PacketLog } from '../../kernel/packet-log.ts';
import { silentLog } from '../../lang/log.ts';
import type { LoggedPacket } from '../../wire/nflog.ts';
import { PENDING } from '../compile/elements.ts';
import { createEvaluator } from '../model/evaluate.ts';
import type { PolicyRules } from '../model/rules.ts';
import type { World } from '../model/world.ts';
import type { Flow, FlowEnd, FlowLine } from './flow.ts';
import type { FlowFilter } from './flow-filter.ts';
import type { SeenFlow } from './flow-table.ts';
import { startFlowWatch } from './flow-watch.ts';

const TEXT = {
  namespaces: { shop: '', bank: '' },
  pods: {
    'shop/web': 'app=web @node-1 10.1.0.1 fd00::1',
    'shop/client': 'app=client @node-1 10.1.0.2 fd00::2',
    'bank/db': 'app=db @node-2 10.1.1.1',
  },
  nodes: { 'node-2': '172.30.0.2' },
};
const WEB = policy('shop/web', {
  podSelector: { matchLabels: { app: 'web' } },
  ingress: [{ ports: [{ port: 80 }] }, { ports: [{ port: 81 }] }],
});
const CLIENT = policy('shop/client', {
  podSelector: { matchLabels: { app: 'client' } },
  policyTypes: ['Egress'],
  egress: [],
});

const createLab = (...policies: readonly PolicyRules[]) => {
  const clock = createFakeClock();
  let logged: LoggedPacket[] = [];
  let [lost, unlogged] = [0, 0];
  let world = worldOf(TEXT, policies);
  const denied: SeenFlow[] = [];
  const packets: PacketLog = {
    take: () => {
      const taken = { packets: logged, lost };
      [logged, lost] = [[], 0];
      return taken;
    },
    close: () => {},
  };
  const watch = startFlowWatch({
    nodeName: 'node-1',
    packets,
    unlogged: () => unlogged,
    evaluator: () => createEvaluator(world),
    onDenied: (flow) => void denied.push(flow),
    clock,
    log: silentLog,
  });
  let port = 1000;
  return {
    clock,
    watch,
    denied,
    /** `egress 10.1.0.2 10.1.0.1 6 80`: what the kernel logs, from a new port unless it is said. */
    log: (text: string, { sourcePort = port++, mark = 77 } = {}): void => {
      const [prefix, source, destination, protocol, destinationPort] = text.split(' ');
      logged.push({
        source: parseAddress(source!)!,
        destination: parseAddress(destination!)!,
        protocol: Number(protocol),
        sourcePort,
        destinationPort: Number(destinationPort ?? 0),
        mark: prefix === 'allowed' ? 0 : mark,
        inputInterface: 1,
        outputInterface: 2,
        prefix: prefix!,
        sequence: 0,
      });
    },
    lose: (onTheWay: number, inTheKernel: number): void => {
      lost += onTheWay;
      unlogged += inTheKernel;
    },
    change: (next: World): void => {
      world = next;
    },
    read: async (filter: FlowFilter = {}): Promise<readonly string[]> => {
      const lines: string[] = [];
      for await (const batch of watch.read(filter, AbortSignal.abort())) lines.push(...batch.map(textOf));
      return lines;
    },
  };
};

const textOf = (line: FlowLine): string =>
  line.kind === 'Loss'
    ? `lost ${line.packets}`
    : `${line.verdict} ${endText(line.source)} > ${endText(line.destination)} ${line.protocol} ${line.port} ` +
      `x${line.connections}${reasonText(line)}`;

const endText = ({ address, namespace, pod, node }: FlowEnd): string =>
  pod === undefined ? (node ?? address) : `${namespace}/${pod}`;

const reasonText = ({ egress, ingress, deniedBy }: Flow): string =>
  (['egress', 'ingress'] as const)
    .flatMap((direction) => {
      const reason = { egress, ingress }[direction];
      if (!reason) return [];
      const rule = reason.rule === undefined ? '' : ` ${reason.rule}`;
      return `; ${direction}${deniedBy === direction ? '!' : ''} ${[reason.because, ...reason.policies].join(' ')}${rule}`;
    })
    .join('');

describe('startFlowWatch()', () => {
  it('names the ends, and the policies that decided', async () => {
    const lab = createLab(WEB, CLIENT);
    lab.log('allowed 172.30.0.2 10.1.0.1 6 81');
    lab.log('allowed 192.0.2.7 fd00::1 17 80');
    lab.log('ingress 10.1.1.1 10.1.0.1 6 443');
    lab.log('egress 10.1.0.2 10.1.1.1 1');
    assert.deepEqual(await lab.read(), [
      'allowed node-2 > shop/web TCP 81 x1; ingress rule NetworkPolicy shop/web 1',
      'allowed 192.0.2.7 > shop/web UDP 80 x1; ingress changed NetworkPolicy shop/web',
      'denied bank/db > shop/web TCP 443 x1; egress no policy; ingress! isolated NetworkPolicy shop/web',
      'denied shop/client > bank/db ICMP undefined x1; egress! isolated NetworkPolicy shop/client',
    ]);
  });

  it('counts connections, not packets that are sent again', async () => {
    const lab = createLab(WEB);
    for (const sourcePort of [1, 1, 2, 1]) lab.log('ingress 10.1.0.2 10.1.0.1 6 443', { sourcePort });
    lab.log('ingress 10.1.0.2 10.1.0.1 6 444');
    const reason = '; egress no policy; ingress! isolated NetworkPolicy shop/web';
    assert.deepEqual(await lab.read(), [
      `denied shop/client > shop/web TCP 443 x3${reason}`,
      `denied shop/client > shop/web TCP 444 x1${reason}`,
    ]);
    assert.equal(lab.denied.length, 4);
  });

  it('leaves an allowed connection to a pod of another node to that node', async () => {
    const lab = createLab();
    lab.log('allowed 10.1.0.2 10.1.1.1 6 80');
    lab.log('allowed 10.1.0.2 192.0.2.1 6 80');
    assert.deepEqual(await lab.read(), ['allowed shop/client > 192.0.2.1 TCP 80 x1; egress no policy']);
  });

  it('says where the policies of a new pod were not there yet, and where they would say otherwise now', async () => {
    const lab = createLab(WEB);
    lab.log('ingress 10.1.0.2 10.1.0.1 6 80', { mark: PENDING });
    lab.log('ingress 10.1.0.2 10.1.0.1 6 81');
    assert.deepEqual(await lab.read(), [
      'denied shop/client > shop/web TCP 80 x1; egress no policy; ingress! pending',
      'denied shop/client > shop/web TCP 81 x1; egress no policy; ingress! changed NetworkPolicy shop/web',
    ]);
  });

  it('explains by the world as it is when the packet is read', async () => {
    const lab = createLab();
    lab.log('allowed 10.1.0.2 10.1.0.1 6 80');
    assert.deepEqual(await lab.read(), [
      'allowed shop/client > shop/web TCP 80 x1; egress no policy; ingress no policy',
    ]);
    const pods = { 'shop/new': 'app=web @node-1 10.1.0.1', 'shop/client': TEXT.pods['shop/client'] };
    lab.change(worldOf({ ...TEXT, pods }, [WEB]));
    lab.log('allowed 10.1.0.2 10.1.0.1 6 80');
    assert.equal(
      (await lab.read()).at(-1),
      'allowed shop/client > shop/new TCP 80 x1; egress no policy; ingress rule NetworkPolicy shop/web 0',
    );
  });

  it('shows what is asked for', async () => {
    const lab = createLab(WEB, CLIENT);
    lab.log('egress 10.1.0.2 192.0.2.1 6 80');
    await lab.read();
    await lab.clock.advance(60_000);
    lab.log('allowed 10.1.1.1 10.1.0.1 6 80');
    const seen = async (filter: FlowFilter): Promise<string> =>
      (await lab.read(filter)).map((line) => line.split(' ')[1]).join(' ');
    assert.equal(await seen({}), 'shop/client bank/db');
    assert.equal(await seen({ verdict: 'denied' }), 'shop/client');
    assert.equal(await seen({ verdict: 'allowed' }), 'bank/db');
    assert.equal(await seen({ pod: 'shop/web' }), 'bank/db');
    assert.equal(await seen({ policy: 'shop/client' }), 'shop/client');
    assert.equal(await seen({ policy: 'shop/nobody' }), '');
    assert.equal(await seen({ sinceSeconds: 30 }), 'bank/db');
  });

  it('tells those who follow what comes, until they go', async () => {
    const lab = createLab(WEB);
    lab.log('ingress 10.1.0.2 10.1.0.1 6 443');
    const abort = new AbortController();
    const lines = lab.watch.read({ follow: true, verdict: 'denied' }, abort.signal);
    assert.equal((await lines.next()).value?.length, 1);
    lab.log('allowed 10.1.0.2 10.1.0.1 6 80');
    lab.log('ingress 10.1.0.2 10.1.0.1 6 443');
    const next = lines.next();
    await lab.clock.advance(200);
    assert.deepEqual((await next).value?.map(textOf), [
      'denied shop/client > shop/web TCP 443 x2; egress no policy; ingress! isolated NetworkPolicy shop/web',
    ]);
    const last = lines.next();
    abort.abort();
    assert.equal((await last).done, true);
  });

  it('counts what was lost: on the way from the kernel, and what the kernel did not log', async () => {
    const lab = createLab();
    lab.lose(3, 0);
    assert.deepEqual(await lab.read(), ['lost 3']);
    lab.lose(0, 4);
    await lab.clock.advance(6000); // it is asked now and then
    assert.deepEqual(await lab.read(), ['lost 7']);
  });
});
