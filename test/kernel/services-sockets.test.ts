// What a program sees whose sockets are translated: no packet goes to a Service, and yet all names are the Service's.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ProgrammedCgroup } from '../../src/kernel/cgroup-programs.ts';
import type { ServiceSpec } from '../../src/k8s/generated/types.ts';
import { eventually } from '../support/poll.ts';
import { startProxyAgent } from '../support/proxy-agent.ts';
import type { ProxyAgent } from '../support/proxy-agent.ts';
import { NODE_ADDRESSES, POD_CIDRS, SERVICE_CIDRS, createLab, podAddresses } from '../support/service-lab.ts';
import type { Lab } from '../support/service-lab.ts';
import { bothFamilies, service, slice } from '../support/service-objects.ts';
import { startSocketAgent } from '../support/socket-agent.ts';
import type { SocketAgent } from '../support/socket-agent.ts';
import { runOk } from '../support/test-cluster.ts';
import { makeCgroup, noCgroups, removeCgroup } from '../support/test-cgroup.ts';

const podCgroup = `/podnet-test-sockets-${process.pid}/pods`;
const ports = [
  { name: 'http', port: 80, protocol: 'TCP' },
  { name: 'udp', port: 80, protocol: 'UDP' },
];
const slicePorts = [
  { name: 'http', port: 8080, protocol: 'TCP' },
  { name: 'udp', port: 8080, protocol: 'UDP' },
];
const slices = (name: string, pods: readonly number[]) =>
  bothFamilies(name, pods.map(podAddresses), { ports: slicePorts });
const web = service('web', 10, { ports });

describe('translated sockets', { skip: noCgroups }, () => {
  let lab: Lab;
  let proxy: ProxyAgent | undefined;
  let program: SocketAgent;
  let folder: string;
  const start = async (backEnd: 'ebpf' | 'nftables' = 'ebpf', pods = [1, 2]): Promise<void> => {
    await proxy?.close();
    proxy = await startProxyAgent({
      netns: lab.nodeNetns,
      nodeName: 'node-1',
      zone: undefined,
      nodeAddresses: NODE_ADDRESSES,
      podCidrs: POD_CIDRS,
      serviceCidrs: SERVICE_CIDRS,
      sockets: { backEnd, podCgroup },
      services: [web],
      slices: slices('web', pods),
    });
  };
  const put = (name: string, n: number, pods: readonly number[]): void => {
    proxy!.order({ put: 'service', object: service(name, n, { ports }) });
    for (const object of slices(name, pods)) proxy!.order({ put: 'slice', object });
  };
  const attached = (): readonly (readonly [id: number, name: string])[] => {
    using cgroup = new ProgrammedCgroup(folder);
    const hooks = ['connect4', 'sendmsg6', 'recvmsg4', 'getpeername6'] as const;
    return hooks.flatMap((hook) => cgroup.attached(hook).map(({ id, name }) => [id, name] as const));
  };
  const flowsTo = async (address: string): Promise<string> =>
    lab.onNode('conntrack', '-L', '-f', address.includes(':') ? 'ipv6' : 'ipv4', '-d', address);

  /** Waits until a connection to the Service is made without a packet to it. */
  const isTranslated = (to: { readonly host: string; readonly port: number }): Promise<unknown> =>
    eventually(`sockets to ${to.host} are translated`, async () => {
      await lab.onNode('conntrack', '-F');
      return (await lab.pods[2]!.dial(to)).startsWith('pod') && (await flowsTo(to.host)) === '';
    });

  before(async () => {
    folder = makeCgroup(podCgroup);
    lab = await createLab('sockets', 3, folder);
    program = startSocketAgent(lab.podNetns(3), folder);
    await start();
  });
  after(async () => {
    await proxy?.close();
    await program?.close();
    await lab?.close();
    removeCgroup(podCgroup);
  });

  it('sends no packet to the Service, whose tables serve everyone else', async () => {
    for (const transport of ['tcp', 'udp'] as const)
      assert.match(await lab.pods[2]!.dial({ host: '10.96.0.10', port: 80, transport }), /^pod-[12]/);
    assert.equal(await flowsTo('10.96.0.10'), '');
    assert.match(await lab.node.dial({ host: '10.96.0.10', port: 80 }), /^pod-[12]/);
    assert.match(await flowsTo('10.96.0.10'), /dport=80/);
  });

  it('names a TCP peer by the Service’s address, also for IPv6 sockets that talk IPv4', async () => {
    for (const host of ['10.96.0.10', 'fd00:96::10', '::ffff:10.96.0.10'])
      assert.equal(await program.tcpPeer({ host, port: 80 }), `${host} 80`);
    for (const host of podAddresses(1))
      assert.equal(await program.tcpPeer({ host, port: 8080 }), `${host} 8080`, 'who asked for the endpoint');
  });

  it('names the sender of a datagram by the Service’s address', async () => {
    for (const host of ['10.96.0.10', 'fd00:96::10', '::ffff:10.96.0.10']) {
      const family = host.includes(':') ? 6 : 4;
      const loose = await program.openUdp(family);
      assert.match(
        await program.send(loose, { host, port: 80 }),
        new RegExp(`^pod-[12] .* from ${host} 80$`),
      );
      const bound = await program.openUdp(family, { host, port: 80 });
      assert.match(await program.send(bound), new RegExp(`^pod-[12] .* from ${host} 80$`));
      assert.equal(await program.udpPeer(bound), `${host} 80`);
    }
  });

  it('has all datagrams of a socket reach one endpoint while it is there, then another', async () => {
    put('flow', 20, [1, 2]);
    const to = { host: '10.96.0.20', port: 80 };
    const socket = await program.openUdp(4);
    await isTranslated(to);
    const answers = new Set<string>();
    for (let i = 0; i < 20; i++) answers.add((await program.send(socket, to)).split(' ')[0]!);
    assert.equal(answers.size, 1, [...answers].join());
    const [first] = answers;
    put('flow', 20, first === 'pod-1' ? [2] : [1]);
    await eventually('the other answers', async () => {
      const answer = await program.send(socket, to);
      return answer.startsWith('pod') && !answer.startsWith(first!);
    });
  });

  it('ends a UDP socket whose peer is gone, and no other', async () => {
    put('gone', 21, [1]);
    const front = { host: '10.96.0.21', port: 80 };
    await isTranslated(front);
    const stale = await program.openUdp(4, front);
    assert.match(await program.send(stale), /^pod-1/);
    const direct = await program.openUdp(4, { host: podAddresses(1)[0], port: 8080 });
    const other = await program.openUdp(4, { host: '10.96.0.10', port: 80 });
    for (const socket of [direct, other]) assert.match(await program.send(socket), /^pod/);
    put('gone', 21, [2]);
    const at = performance.now();
    await eventually('the socket is ended', async () => (await program.send(stale)) === 'error ECONNABORTED');
    assert.ok(performance.now() - at < 1000, 'within a second');
    for (const socket of [direct, other]) assert.match(await program.send(socket), /^pod/);
    assert.match(await program.send(await program.openUdp(4, front)), /^pod-2/);
  });

  it('keeps a pod at the endpoint that its packets would go to, where a Service has affinity', async () => {
    const spec: ServiceSpec = {
      type: 'NodePort',
      sessionAffinity: 'ClientIP',
      ports: [{ name: 'http', port: 80, protocol: 'TCP', nodePort: 30_080 }],
    };
    proxy!.order({ put: 'service', object: service('sticky', 22, spec) });
    for (const object of slices('sticky', [1, 2, 3])) proxy!.order({ put: 'slice', object });
    for (const [index, host] of ['10.96.0.22', 'fd00:96::22'].entries()) {
      const to = { host, port: 80 };
      await isTranslated(to);
      const byPackets = await lab.pods[2]!.dial({ host: NODE_ADDRESSES[index]!, port: 30_080 });
      for (let i = 0; i < 10; i++)
        assert.equal((await lab.pods[2]!.dial(to)).split(' ')[0], byPackets.split(' ')[0]);
      assert.equal(await flowsTo(host), '');
    }
  });

  it('an agent that comes back takes over between two calls', async () => {
    const before = attached();
    assert.deepEqual(
      before.map(([, name]) => name),
      ['podnet_connect4', 'podnet_sendmsg6', 'podnet_recvmsg4', 'podnet_getpeer6'],
    );
    const host = '10.96.0.10';
    const socket = await program.openUdp(4);
    const first = (await program.send(socket, { host, port: 80 })).split(' ')[0]!;
    await lab.onNode('conntrack', '-F');
    let isOver = false;
    const restart = start().then(() => (isOver = true));
    while (!isOver) {
      assert.equal(await program.tcpPeer({ host, port: 80 }), `${host} 80`);
      const answer = await program.send(socket, { host, port: 80 });
      assert.match(
        answer,
        new RegExp(`^${first} .* from ${host} 80$`),
        'the same endpoint, by the same name',
      );
    }
    await restart;
    assert.equal(await flowsTo(host), '', 'no packet to the Service in between');
    const after = attached();
    assert.deepEqual(
      after.map(([, name]) => name),
      before.map(([, name]) => name),
    );
    assert.ok(after.every(([id]) => !before.some(([old]) => old === id)));
  });

  it('makes larger maps when they are full', async () => {
    const numbers = Array.from({ length: 1100 }, (_, n) => n);
    const many = numbers.map((n) => ({ name: `p${n}`, port: 1000 + n, protocol: 'TCP' }));
    proxy!.order({ put: 'service', object: service('many', 30, { ports: many }) });
    const targets = many.map(({ name, protocol }) => ({ name, protocol, port: 8080 }));
    proxy!.order({ put: 'slice', object: slice('many', [podAddresses(1)[0]], { ports: targets }) });
    const last = { host: '10.96.0.30', port: 2099 };
    await isTranslated(last);
    assert.match(await lab.pods[2]!.dial({ host: '10.96.0.10', port: 80 }), /^pod/);
    assert.equal(await flowsTo('10.96.0.10'), '');
  });

  it('falls back to packets by itself where the kernel takes no program', async () => {
    const file = join(import.meta.dirname, '../support/open-sockets-agent.ts');
    const rights = '-bpf,-sys_admin,-net_admin,-perfmon';
    const command = [process.execPath, file, podCgroup];
    assert.equal(
      await runOk('setpriv', ['--bounding-set', rights, '--inh-caps', rights, ...command]),
      'packets\n',
    );
    assert.equal(await runOk(command[0]!, command.slice(1)), 'sockets\n');
  });

  it('leaves nothing on the cgroup when the next agent is for packets only', async () => {
    await start('nftables');
    assert.deepEqual(attached(), []);
    assert.match(await lab.pods[2]!.dial({ host: '10.96.0.10', port: 80 }), /^pod/);
    assert.notEqual(await flowsTo('10.96.0.10'), '');
  });
});
