import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { storedAs } from '../../test/support/object-builders.ts';
import { service, slice } from '../../test/support/service-objects.ts';
import type { Endpoint, EndpointSlice, Service } from '../k8s/generated/types.ts';
import { compileService } from './compile.ts';
import { selectService } from './select.ts';
import { toText } from './state.ts';

const site = {
  nodeName: 'node-1',
  zone: 'zone-a',
  nodeAddresses: [
    { family: 4, address: '172.30.0.11' },
    { family: 6, address: 'fd00:172:30::11' },
  ],
} as const;

/** The entries for one Service on node-1, without those of cluster-ips. */
const text = (object: Service, ...slices: readonly EndpointSlice[]): string => {
  const snapshot = selectService(storedAs(object), slices.map(storedAs));
  const table = snapshot ? compileService(snapshot, site) : [];
  return toText(table.filter(({ map }) => map !== 'cluster-ips'));
};
const v4 = { clusterIPs: ['10.96.0.10'] };
const web = (spec = {}): Service => service('web', 10, { ...v4, ...spec });
const on = (address: string, endpoint: Partial<Endpoint> = {}): EndpointSlice =>
  slice('web', [address], { endpoint });
const terminating = { conditions: { ready: false, serving: true, terminating: true } };
const unready = { conditions: { ready: false, serving: false, terminating: false } };
const nodePort = { type: 'NodePort', ports: [{ port: 80, nodePort: 30_080 }] };

describe('compileService()', () => {
  it('balances each cluster IP over the endpoints of its family', () => {
    assert.equal(
      text(
        service('web', 10),
        slice('web', ['10.244.1.6', '10.244.0.5']),
        slice('web', ['fd00:244::5'], { family: 6 }),
      ),
      [
        'tcp 10.96.0.10:80 -> 10.244.0.5:8080 10.244.1.6:8080 (masquerade outsiders)',
        'tcp [fd00:96::10]:80 -> [fd00:244::5]:8080 (masquerade outsiders)',
      ].join('\n'),
    );
  });

  it('takes the ports of each slice by name and protocol', () => {
    const ports = [
      { name: 'http', port: 80, protocol: 'TCP' },
      { name: 'dns', port: 53, protocol: 'UDP' },
    ];
    const low = slice('web', ['10.244.0.5'], { ports: [{ name: 'http', port: 8080, protocol: 'TCP' }] });
    const high = slice('web', ['10.244.0.6'], { ports: [{ name: 'http', port: 9090, protocol: 'TCP' }] });
    assert.equal(
      text(web({ ports }), low, high),
      'tcp 10.96.0.10:80 -> 10.244.0.5:8080 10.244.0.6:9090 (masquerade outsiders)\nudp 10.96.0.10:53 -> reject',
    );
  });

  it('counts an endpoint once that is in two slices', () => {
    assert.equal(text(web(), on('10.244.0.5'), on('10.244.0.5', unready)).match(/10\.244\.0\.5/g)?.length, 1);
  });

  it('uses terminating endpoints that still serve only where no other is ready', () => {
    assert.match(text(web(), on('10.244.0.5', terminating), on('10.244.0.6')), /-> 10\.244\.0\.6:8080 \(/);
    assert.match(
      text(web(), on('10.244.0.5', terminating), on('10.244.0.6', unready)),
      /-> 10\.244\.0\.5:8080 \(/,
    );
    assert.match(text(web(), on('10.244.0.6', unready)), /-> reject/);
  });

  it('takes an endpoint without conditions as ready', () => {
    assert.match(text(web(), on('10.244.0.5', { conditions: {} })), /10\.244\.0\.5/);
  });

  it('with internalTrafficPolicy Local stays on the node, and drops where that leaves nothing', () => {
    const local = web({ internalTrafficPolicy: 'Local' });
    const away = on('10.244.1.6', { nodeName: 'node-2' });
    assert.match(text(local, on('10.244.0.5'), away), /-> 10\.244\.0\.5:8080 \(/);
    assert.match(text(local, away), /-> drop/);
    assert.match(text(local), /-> reject/);
  });

  it('answers at node ports on the addresses of the node, hiding the client', () => {
    assert.equal(
      text(web(nodePort), on('10.244.0.5')),
      [
        'tcp 10.96.0.10:80 -> 10.244.0.5:8080 (masquerade outsiders)',
        'tcp 172.30.0.11:30080 -> 10.244.0.5:8080 (masquerade all)',
      ].join('\n'),
    );
  });

  it('with externalTrafficPolicy Local shows outsiders as they are and keeps them on the node', () => {
    const away = on('10.244.1.6', { nodeName: 'node-2' });
    assert.equal(
      text(web({ ...nodePort, externalTrafficPolicy: 'Local' }), on('10.244.0.5'), away),
      [
        'outside tcp 172.30.0.11:30080 -> 10.244.0.5:8080 (masquerade none)',
        'tcp 10.96.0.10:80 -> 10.244.0.5:8080 10.244.1.6:8080 (masquerade outsiders)',
        'tcp 172.30.0.11:30080 -> 10.244.0.5:8080 10.244.1.6:8080 (masquerade outsiders)',
      ].join('\n'),
    );
    assert.match(text(web({ ...nodePort, externalTrafficPolicy: 'Local' }), away), /^outside .* -> drop$/m);
  });

  const balanced = (status: Service['status'], spec = {}): Service => ({
    ...web({ type: 'LoadBalancer', ports: [{ port: 80 }], ...spec }),
    status: status!,
  });
  const lines = (object: Service): string[] =>
    text(object, on('10.244.0.5'), on('10.244.1.6', { nodeName: 'node-2' }))
      .split('\n')
      .filter((line) => !line.includes('10.96.0.10'));

  it('takes what is sent to a load balancer, unless its traffic must really pass it (ipMode Proxy)', () => {
    const ingress = [
      { ip: '192.0.2.1' },
      { ip: '192.0.2.2', ipMode: 'VIP' },
      { ip: '192.0.2.3', ipMode: 'Proxy' },
      { hostname: 'lb.example' },
      { ip: '2001:db8::1' }, // the Service has no IPv6
    ];
    const to = '-> 10.244.0.5:8080 10.244.1.6:8080 (masquerade all)';
    assert.deepEqual(lines(balanced({ loadBalancer: { ingress } })), [
      `tcp 192.0.2.1:80 ${to}`,
      `tcp 192.0.2.2:80 ${to}`,
    ]);
    assert.deepEqual(lines(balanced({ loadBalancer: { ingress } }, { type: 'NodePort' })), []);
  });

  it('takes what is sent to externalIPs; with Local the cluster itself may go anywhere', () => {
    const local = web({ externalIPs: ['192.0.2.9'], externalTrafficPolicy: 'Local' });
    assert.deepEqual(lines(local), [
      'outside tcp 192.0.2.9:80 -> 10.244.0.5:8080 (masquerade none)',
      'tcp 192.0.2.9:80 -> 10.244.0.5:8080 10.244.1.6:8080 (masquerade outsiders)',
    ]);
  });

  it('limits load balancer addresses to the source ranges of their family, nothing else', () => {
    const ranges = ['10.0.0.0/8', '10.1.0.0/16', ' 192.0.2.7/32', '2001:db8::/32'];
    const status = { loadBalancer: { ingress: [{ ip: '198.51.100.1' }] } };
    const spec = { loadBalancerSourceRanges: ranges, externalIPs: ['198.51.100.2', '198.51.100.1'] };
    assert.deepEqual(
      lines(balanced(status, spec)).map((line) => line.replace(/ ->.*/, '')),
      ['tcp 198.51.100.1:80 from 10.0.0.0/8 192.0.2.7/32', 'tcp 198.51.100.2:80'],
    );
    assert.doesNotMatch(lines(balanced(status, { loadBalancerSourceRanges: ['::/0'] })).join(), /from/);
    assert.doesNotMatch(lines(balanced(status, { loadBalancerSourceRanges: ['0.0.0.0/0'] })).join(), /from/);
  });

  it('sends nothing to an address that is another machine on each node', () => {
    for (const bad of ['127.0.0.1', '169.254.1.1', '224.0.0.1', '0.0.0.0'])
      assert.match(text(web(), on(bad)), /-> reject/, bad);
  });

  it('follows hints if all endpoints have them, nodes before zones, and all if they leave nothing', () => {
    const hinted = (address: string, zone: string, node?: string): EndpointSlice =>
      on(address, { hints: { forZones: [{ name: zone }], ...(node ? { forNodes: [{ name: node }] } : {}) } });
    const [a, b] = [hinted('10.244.0.5', 'zone-a'), hinted('10.244.0.6', 'zone-b')];
    assert.match(text(web(), a, b), /-> 10\.244\.0\.5:8080 \(/);
    assert.match(text(web(), b), /10\.244\.0\.6/);
    assert.match(text(web(), a, b, on('10.244.0.7')), /0\.5.* .*0\.6.* .*0\.7/);
    const [near, far] = [hinted('10.244.0.5', 'zone-a', 'node-1'), hinted('10.244.0.6', 'zone-a', 'node-2')];
    assert.match(text(web(), near, far), /-> 10\.244\.0\.5:8080 \(/);
  });

  it('keeps clients where they are with sessionAffinity, for 3 hours or as long as is said', () => {
    const sticky = (clientIP?: { timeoutSeconds: number }) =>
      web({ sessionAffinity: 'ClientIP', ...(clientIP ? { sessionAffinityConfig: { clientIP } } : {}) });
    assert.match(text(sticky(), on('10.244.0.5')), /sticky 10800s/);
    assert.match(text(sticky({ timeoutSeconds: 60 }), on('10.244.0.5')), /sticky 60s/);
  });

  it('leaves alone what is not for a proxy, or for another one', () => {
    assert.equal(text(web({ clusterIPs: ['None'] }), on('10.244.0.5')), '');
    assert.equal(text(web({ type: 'ExternalName', clusterIPs: [] })), '');
    for (const label of ['service-proxy-name', 'headless']) {
      const foreign = service('web', 10, nodePort, { [`service.kubernetes.io/${label}`]: '' });
      assert.equal(text(foreign, on('10.244.0.5')), '', label);
      const snapshot = selectService(storedAs(foreign), [])!;
      assert.equal(
        toText(compileService(snapshot, site)),
        '10.96.0.10 -> leave-alone\nfd00:96::10 -> leave-alone',
      );
    }
  });

  it('lets nothing into a rule that is no address and no port', () => {
    const bad = slice('web', ['10.244.0.5 } ; flush ruleset', '1.2.3', ''], {});
    const badPort = slice('web', ['10.244.0.6'], { ports: [{ port: 70_000 }] });
    assert.equal(
      text(web({ clusterIPs: ['10.96.0.10', '{}'] }), bad, badPort),
      'tcp 10.96.0.10:80 -> reject',
    );
  });
});
