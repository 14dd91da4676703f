// Imaginary packets through the compiled rules: where they land is what the selection model says.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Programmer } from '../../src/services/apply.ts';
import { compileService } from '../../src/services/compile.ts';
import { selectService } from '../../src/services/select.ts';
import { clusterEndpoints, localEndpoints } from '../../src/services/topology.ts';
import { entryKey } from '../../src/services/state.ts';
import type { EndpointSlice, Service, ServiceSpec } from '../../src/k8s/generated/types.ts';
import { silentLog } from '../../src/lang/log.ts';
import { createFakeNft } from '../support/fake-nft.ts';
import { storedAs } from '../support/object-builders.ts';
import { service, slice } from '../support/service-objects.ts';
import { createTracer } from './tracer.ts';

const NODE = '172.30.0.11';
const site = { nodeName: 'node-1', zone: 'a', nodeAddresses: [{ family: 4, address: NODE }] } as const;
const tableSite = { podCidrs: ['10.244.0.0/16'], serviceCidrs: ['10.96.0.0/16'] };
/** A pod that is no endpoint, this node, another machine; and one within the source ranges. */
const POD = '10.244.9.9';
const OUTSIDE = '192.0.2.7';
const LB = '198.51.100.1';

/** The rules for these Services, programmed one after the other. */
const traced = (...states: readonly (readonly [Service, readonly EndpointSlice[]])[]) => {
  const nft = createFakeNft();
  const programmer = Programmer.open(nft, tableSite, silentLog);
  for (const [object, slices] of states) {
    const snapshot = selectService(storedAs(object), slices.map(storedAs))!;
    const table = new Map(compileService(snapshot, site).map((entry) => [entryKey(entry), entry]));
    const keys = new Set([...programmer.keys(), ...table.keys()]);
    programmer.program([...keys].map((key) => ({ key, wanted: table.get(key) })));
  }
  const tracer = createTracer(nft.runs, { addresses: [NODE] });
  return (from: string, to: string, port = 80, protocol: 'tcp' | 'udp' | 'sctp' = 'tcp'): string =>
    tracer.trace({ from, to, port, protocol }).join(' ');
};

const web = (spec: ServiceSpec = {}): Service => ({
  ...service('web', 10, { clusterIPs: ['10.96.0.10'], ...spec }),
  status: { loadBalancer: { ingress: [{ ip: LB }] } },
});
const exposed = { type: 'LoadBalancer', ports: [{ port: 80, nodePort: 30_080 }] };

describe('a packet through the service rules', () => {
  it('lands at any endpoint; who is no pod is hidden', () => {
    const trace = traced([web(), [slice('web', ['10.244.0.5', '10.244.0.6'])]]);
    assert.equal(trace(POD, '10.96.0.10'), '10.244.0.5:8080 10.244.0.6:8080');
    assert.equal(trace(OUTSIDE, '10.96.0.10'), '10.244.0.5:8080 masqueraded 10.244.0.6:8080 masqueraded');
    assert.equal(trace('10.244.0.5', '10.96.0.10'), '10.244.0.5:8080 masqueraded 10.244.0.6:8080', 'hairpin');
  });

  it('is refused at a port that the Service has not, dropped at an address that none has, else left', () => {
    const trace = traced([web(), []]);
    assert.equal(trace(POD, '10.96.0.10'), 'reject');
    assert.equal(trace(POD, '10.96.0.10', 81), 'reject');
    assert.equal(trace(POD, '10.96.0.10', 80, 'udp'), 'reject');
    assert.equal(trace(POD, '10.96.0.99'), 'drop');
    assert.equal(trace(POD, OUTSIDE), 'untouched');
  });

  it('meets the traffic policies at load balancers and node ports', () => {
    const local = web({ ...exposed, externalTrafficPolicy: 'Local' });
    const trace = traced([
      local,
      [slice('web', ['10.244.0.5']), { ...slice('web', ['10.244.1.6'], { endpoint: { nodeName: 'x' } }) }],
    ]);
    for (const [to, port] of [
      [LB, 80],
      [NODE, 30_080],
    ] as const) {
      assert.equal(trace(OUTSIDE, to, port), '10.244.0.5:8080');
      assert.equal(trace(POD, to, port), '10.244.0.5:8080 10.244.1.6:8080');
      assert.equal(trace(NODE, to, port), '10.244.0.5:8080 masqueraded 10.244.1.6:8080 masqueraded');
    }
  });

  it('must come from the source ranges, at the load balancer only', () => {
    const limited = web({ ...exposed, loadBalancerSourceRanges: ['192.0.2.0/24'] });
    const trace = traced([limited, [slice('web', ['10.244.0.5'])]]);
    assert.equal(trace(OUTSIDE, LB), '10.244.0.5:8080 masqueraded');
    assert.equal(trace(POD, LB), 'drop');
    assert.equal(trace(POD, NODE, 30_080), '10.244.0.5:8080 masqueraded');
  });

  it('lands at the same endpoints with session affinity', () => {
    const trace = traced([
      web({ sessionAffinity: 'ClientIP' }),
      [slice('web', ['10.244.0.5', '10.244.0.6'])],
    ]);
    assert.equal(trace(POD, '10.96.0.10'), '10.244.0.5:8080 10.244.0.6:8080');
  });

  it('of SCTP goes where those of TCP would, at every kind of address', () => {
    const ports = (['TCP', 'SCTP'] as const).map((protocol) => ({
      name: protocol.toLowerCase(),
      port: 80,
      protocol,
      nodePort: 30_080,
    }));
    const slicePorts = [
      { name: 'tcp', port: 8080, protocol: 'TCP' },
      { name: 'sctp', port: 3868, protocol: 'SCTP' },
    ];
    const object = web({ ...exposed, ports });
    const trace = traced([object, [slice('web', ['10.244.0.5', '10.244.0.6'], { ports: slicePorts })]]);
    assert.equal(trace(POD, '10.96.0.10', 80, 'sctp'), '10.244.0.5:3868 10.244.0.6:3868');
    assert.equal(
      trace('10.244.0.5', '10.96.0.10', 80, 'sctp'),
      '10.244.0.5:3868 masqueraded 10.244.0.6:3868',
    );
    for (const [to, port] of [
      [LB, 80],
      [NODE, 30_080],
    ] as const)
      assert.equal(
        trace(OUTSIDE, to, port, 'sctp'),
        '10.244.0.5:3868 masqueraded 10.244.0.6:3868 masqueraded',
      );
    const empty = traced([object, []]);
    assert.equal(empty(POD, '10.96.0.10', 80, 'sctp'), 'reject');
    assert.equal(empty(OUTSIDE, NODE, 30_080, 'sctp'), 'reject');
  });

  it('fails on a rule that it does not know', () => {
    const tracer = createTracer(
      [
        'add table ip podnet-services',
        'add chain ip podnet-services prerouting',
        'add rule ip podnet-services prerouting accept',
      ],
      { addresses: [] },
    );
    assert.throws(
      () => tracer.trace({ from: POD, to: LB, port: 80, protocol: 'tcp' }),
      /does not know: accept/,
    );
  });
});

const anyEndpoint = fc.record({
  n: fc.integer({ min: 1, max: 5 }),
  state: fc.constantFrom('ready', 'draining', 'unready'),
  nodeName: fc.constantFrom('node-1', 'node-2'),
  zone: fc.constantFrom(undefined, 'a', 'b'),
});
type AnyEndpoint = { n: number; state: string; nodeName: string; zone: string | undefined };
const anyState = fc.record({
  endpoints: fc.uniqueArray(anyEndpoint, { selector: ({ n }) => n }),
  internalTrafficPolicy: fc.constantFrom('Cluster', 'Local'),
  externalTrafficPolicy: fc.constantFrom('Cluster', 'Local'),
  sessionAffinity: fc.constantFrom('None', 'ClientIP'),
});

const sliceOf = (endpoints: readonly AnyEndpoint[]): EndpointSlice => ({
  ...slice('web', []),
  endpoints: endpoints.map(({ n, state, nodeName, zone }) => ({
    addresses: [`10.244.0.${n}`],
    conditions: { ready: state === 'ready', serving: state !== 'unready', terminating: state === 'draining' },
    nodeName,
    ...(zone ? { hints: { forZones: [{ name: zone }] } } : {}),
  })),
});

describe('any packet', () => {
  it('lands where the model of the selection says, after any history', () => {
    fc.assert(
      fc.property(fc.array(anyState, { minLength: 1, maxLength: 4 }), (states) => {
        const objects = states.map(
          ({ endpoints, ...spec }) => [web({ ...exposed, ...spec }), [sliceOf(endpoints)]] as const,
        );
        const [object, slices] = objects.at(-1)!;
        const { candidates } = selectService(storedAs(object), slices.map(storedAs))!.ports[0]!;
        const [cluster, local] = [clusterEndpoints(candidates, site), localEndpoints(candidates, site)];
        const { internalTrafficPolicy, externalTrafficPolicy } = states.at(-1)!;
        const model = (isLocal: boolean): string => {
          const chosen = isLocal ? local : cluster;
          if (chosen.length === 0) return cluster.length > 0 ? 'drop' : 'reject';
          return chosen
            .map(({ address }) => `${address}:8080`)
            .sort()
            .join(' ');
        };
        const trace = traced(...objects);
        const places = (...packet: Parameters<typeof trace>) =>
          trace(...packet).replaceAll(' masqueraded', '');
        assert.equal(places(POD, '10.96.0.10'), model(internalTrafficPolicy === 'Local'));
        for (const [to, port] of [
          [LB, 80],
          [NODE, 30_080],
        ] as const) {
          assert.equal(places(OUTSIDE, to, port), model(externalTrafficPolicy === 'Local'));
          assert.equal(places(POD, to, port), model(false));
        }
      }),
      { numRuns: 300 },
    );
  });
});
