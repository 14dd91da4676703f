// What does a write cost in the API server, ownership of fields included? In process: no HTTP, no fsync.
import { createRegistry } from '../src/apiserver/create-registry.ts';
import { createKinds } from '../src/apiserver/kinds/kinds.ts';
import type { Kind } from '../src/apiserver/kind.ts';
import { systemClock } from '../src/lang/clock.ts';
import { silentLog } from '../src/lang/log.ts';
import { testContext } from '../test/support/test-registry.ts';
import { percentile, report } from './report.ts';

const PODS = 3000;

const kinds = createKinds({
  serviceCidrs: ['10.96.0.0/16', 'fd00:10:96::/112'],
  nodePortRange: { first: 30000, last: 32767 },
});
const registry = createRegistry({ kinds, clock: systemClock, log: silentLog });
const find = (name: string): Kind => kinds.find(({ resource }) => resource.kind === name)!;
const [pods, admin] = [find('Pod'), testContext()];
await registry.create(find('Namespace'), undefined, { metadata: { name: 'default' } }, admin);
await registry.create(find('ServiceAccount'), 'default', { metadata: { name: 'default' } }, admin);

const rows: (readonly string[])[] = [];
const measure = async (what: string, write: (name: string) => Promise<unknown>): Promise<void> => {
  const times: number[] = [];
  for (let index = 0; index < PODS; index++) {
    const startMs = performance.now();
    await write(`p-${index}`);
    times.push((performance.now() - startMs) * 1000);
  }
  const warm = times.slice(PODS / 2); // the first writes compile the code
  rows.push([what, ...[0.5, 0.99].map((p) => `${percentile(warm, p).toFixed(0)} us`)]);
};

const SPEC = {
  containers: [
    { name: 'c', image: 'nginx', ports: [{ containerPort: 80 }], env: [{ name: 'A', value: 'b' }] },
  ],
};
const metadata = (name: string) => ({ name, labels: { app: 'web' } });
const condition = (type: string, status: string) => ({
  type,
  status,
  lastTransitionTime: '2026-01-01T00:00:00Z',
});
const status = (ready: string) => ({
  status: {
    phase: 'Running',
    podIPs: [{ ip: '10.0.0.1' }],
    conditions: ['Ready', 'Initialized'].map((type) => condition(type, ready)),
  },
});
const patchStatus = (ready: string) => (name: string) =>
  registry.patch(
    pods,
    { name, namespace: 'default' },
    { type: 'application/strategic-merge-patch+json', body: status(ready) },
    testContext({ fieldManager: 'kubelet' }),
    'status',
  );
const applyLabels = (value: string) => (name: string) =>
  registry.apply(
    pods,
    { name, namespace: 'default' },
    {
      config: { apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { tier: value } } },
      isForced: false,
    },
    testContext({ fieldManager: 'applier' }),
  );

await measure('create a pod', (name) =>
  registry.create(pods, 'default', { metadata: metadata(name), spec: SPEC }, admin),
);
await measure('its first status', patchStatus('False'));
await measure('its next status', patchStatus('True'));
await measure('apply a label', applyLabels('a'));
await measure('apply another', applyLabels('b'));
report(`a write of a pod, ${PODS} of them, in process`, ['WRITE', 'P50', 'P99'], rows);
