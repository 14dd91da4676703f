import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { storedAs } from '../../../test/support/object-builders.ts';
import { formatAddress } from '../../ip/address.ts';
import type { Endpoint, EndpointSlice, Pod, Service } from '../../k8s/generated/types.ts';
import type { ClusterObjects } from './cluster-world.ts';
import { parseEnd, parseTarget } from './parse-target.ts';
import { connectionsTo } from './resolve.ts';

const podAt = (
  name: string,
  nodeName: string,
  ips: readonly string[],
  more: Partial<Pod['spec']> = {},
): Pod => ({
  metadata: { namespace: 'shop', name },
  spec: { nodeName, containers: [], ...more },
  status: { phase: 'Running', podIPs: ips.map((ip) => ({ ip })) },
});

const withOwner = (pod: Pod): Pod => ({
  ...pod,
  metadata: {
    ...pod.metadata,
    ownerReferences: [
      { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'set', uid: 'u', controller: true },
    ],
  },
});

const PORTS = [
  { name: 'http', containerPort: 8080 },
  { name: 'dns', containerPort: 53, protocol: 'UDP' },
];

const serviceOf = (name: string, clusterIP: string): Service => ({
  metadata: { namespace: 'shop', name },
  spec: {
    clusterIP,
    clusterIPs: [clusterIP],
    ports: [
      { name: 'web', port: 80 },
      { name: 'dns', port: 53, protocol: 'UDP' },
    ],
  },
});

const sliceOf = (service: string, endpoints: readonly Endpoint[]): EndpointSlice => ({
  metadata: { namespace: 'shop', name: `${service}-1`, labels: { 'kubernetes.io/service-name': service } },
  addressType: 'IPv4',
  ports: [
    { name: 'web', port: 8080 },
    { name: 'dns', port: 53, protocol: 'UDP' },
  ],
  endpoints,
});

const node = (name: string, address: string) =>
  storedAs({ metadata: { name }, status: { addresses: [{ type: 'InternalIP', address }] } });

const CLUSTER: ClusterObjects = {
  namespaces: [],
  pods: [
    podAt('web', 'node-1', ['10.1.0.1', 'fd01::1'], { containers: [{ name: 'main', ports: PORTS }] }),
    podAt('client', 'node-2', ['10.1.0.2', 'fd01::2']),
    podAt('six', 'node-2', ['fd01::3']),
    podAt('new', 'node-2', []),
    withOwner(podAt('set-0', 'node-1', ['10.1.0.4'])),
    { ...podAt('old', 'node-2', ['10.1.0.5']), status: { phase: 'Failed', podIPs: [{ ip: '10.1.0.5' }] } },
  ].map(storedAs),
  nodes: [node('node-1', '172.30.0.1'), node('node-2', '172.30.0.2')],
  services: [
    serviceOf('app', '10.96.0.1'),
    serviceOf('dns', '10.96.0.10'),
    serviceOf('bare', 'None'),
    serviceOf('empty', '10.96.0.3'),
  ].map(storedAs),
  endpointSlices: [
    sliceOf('app', [{ addresses: ['10.1.0.1'] }, { addresses: ['10.1.0.9'], conditions: { ready: false } }]),
    sliceOf('bare', [{ addresses: ['10.1.0.1'] }]),
    sliceOf('dns', [{ addresses: ['172.30.0.1'] }, { addresses: ['172.30.0.2'] }]),
  ].map(storedAs),
  networkPolicies: [],
  clusterNetworkPolicies: [],
  dnsServiceIps: ['10.96.0.10'],
};

const resolve = (from: string, to: string): readonly string[] =>
  connectionsTo(parseEnd(from, 'shop'), parseTarget(to, 'shop'), CLUSTER).map(
    ({ source, destination, protocol, port = '-', isThroughService }) =>
      `${formatAddress(source)} > ${formatAddress(destination)} ${protocol} ${port}${isThroughService ? ' translated' : ''}`,
  );

describe('connectionsTo()', () => {
  it('goes by the addresses of both families, to what is said or else to what the pod declares', () => {
    const table: [string, string, string[]][] = [
      ['client', 'web:80', ['10.1.0.2 > 10.1.0.1 TCP 80', 'fd01::2 > fd01::1 TCP 80']],
      ['six', 'web:80/udp', ['fd01::3 > fd01::1 UDP 80']],
      ['six', 'web', ['fd01::3 > fd01::1 TCP 8080', 'fd01::3 > fd01::1 UDP 53']],
      ['six', 'web:dns', ['fd01::3 > fd01::1 UDP 53']],
      ['six', 'web/icmp', ['fd01::3 > fd01::1 ICMP -']],
      ['192.0.2.1', 'web:80', ['192.0.2.1 > 10.1.0.1 TCP 80']],
      ['192.0.2.1', '10.1.0.1/tcp', ['192.0.2.1 > 10.1.0.1 TCP 8080']],
      ['sts/set', 'web:80', ['10.1.0.4 > 10.1.0.1 TCP 80']],
      ['node/node-2', 'web:80', ['172.30.0.2 > 10.1.0.1 TCP 80']],
    ];
    for (const [from, to, expected] of table) assert.deepEqual(resolve(from, to), expected, `${from} ${to}`);
  });

  it('goes to the ready endpoints of a Service, by its name or its address, on their ports', () => {
    for (const to of ['svc/app:80', 'svc/app:web', '10.96.0.1:80', 'svc/app/tcp'])
      assert.deepEqual(resolve('client', to), ['10.1.0.2 > 10.1.0.1 TCP 8080 translated']);
    assert.equal(resolve('client', 'svc/app').length, 2);
  });

  it('takes the port of a headless Service as it is', () => {
    assert.deepEqual(resolve('client', 'svc/bare:80'), ['10.1.0.2 > 10.1.0.1 TCP 80']);
  });

  it('asks the own node for names', () => {
    assert.deepEqual(resolve('client', 'svc/dns:53'), ['10.1.0.2 > 172.30.0.2 UDP 53 translated']);
  });

  it('says what is missing, and what may have been meant', () => {
    const table: [string, string, RegExp][] = [
      ['client', 'app:80', /^there is no pod shop\/app; svc\/shop\/app is a Service$/],
      ['bank/web', 'web:80', /^there is no pod bank\/web$/],
      ['client', 'svc/none', /^there is no Service shop\/none$/],
      ['client', 'svc/app:81', /^Service shop\/app has no port 81$/],
      ['client', 'svc/empty:80', /^no endpoint of Service shop\/empty is ready$/],
      ['client', 'new:80', /^pod shop\/new has no address yet$/],
      ['client', 'old:80', /^pod shop\/old has finished/],
      ['client', 'client', /^give a port/],
      ['client', 'web:sql', /^the target has no port with the name sql$/],
      ['six', '10.1.0.1:80', /no address of the same family/],
      ['svc/app', 'web:80', /^a Service cannot be the source/],
      ['deploy/none', 'web:80', /^no pod of shop\/none is there$/],
      ['node/node-9', 'web:80', /^there is no node node-9$/],
    ];
    for (const [from, to, message] of table)
      assert.throws(() => resolve(from, to), { name: 'UserError', message }, `${from} ${to}`);
  });
});
