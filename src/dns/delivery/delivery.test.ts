import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createFakeClient } from '../../../test/support/fake-client.ts';
import { createFakeClock, settle } from '../../../test/support/fake-clock.ts';
import { startInformer, whenAllSynced } from '../../informer/informer.ts';
import { endpointSlices, nodes } from '../../k8s/resources.ts';
import { silentLog } from '../../lang/log.ts';
import { dnsIndexes } from '../dns.ts';
import { startDelivery } from './delivery.ts';

describe('startDelivery()', () => {
  const client = createFakeClient();
  const common = { client, clock: createFakeClock(), log: silentLog };
  const informers = {
    nodes: startInformer({ ...common, resource: nodes }),
    endpointSlices: startInformer({
      ...common,
      resource: endpointSlices,
      indexes: dnsIndexes.endpointSlices,
    }),
  };
  const installed: string[] = [];
  let stop = (): void => {};

  const putNode = (name: string, status: string): void =>
    void client.put(nodes, { metadata: { name }, status: { conditions: [{ type: 'Ready', status }] } });
  const putSlice = (count: number): void =>
    void client.put(endpointSlices, {
      metadata: {
        name: 'kube-dns',
        namespace: 'kube-system',
        labels: { 'kubernetes.io/service-name': 'kube-dns' },
      },
      addressType: 'IPv4',
      endpoints: Array.from({ length: count }, (_, i) => ({
        addresses: [`172.30.0.${i + 11}`],
        nodeName: `node-${i + 1}`,
      })),
    });
  const others = async (): Promise<string> => {
    await settle();
    return /map \{ (.*) \}$/m.exec(installed.at(-1)!)?.[1] ?? '';
  };

  before(async () => {
    putSlice(3);
    for (const name of ['node-1', 'node-2', 'node-3']) putNode(name, 'True');
    await whenAllSynced(informers.nodes, informers.endpointSlices);
    const nft = { run: (commands: string) => void installed.push(commands) };
    stop = startDelivery({
      ...informers,
      serviceAddresses: ['10.96.0.10'],
      nodeName: 'node-1',
      nft,
      log: silentLog,
    });
  });
  after(() => {
    stop();
    for (const informer of Object.values(informers)) informer.stop();
  });

  it('sends queries to the other nodes that are there, and writes only what changed', async () => {
    assert.equal(await others(), '0 : 172.30.0.12, 1 : 172.30.0.13');
    putNode('node-2', 'Unknown');
    assert.equal(await others(), '0 : 172.30.0.13');
    putNode('node-3', 'False'); // its runtime may be broken, its agent speaks
    putSlice(4);
    assert.equal(await others(), '0 : 172.30.0.13, 1 : 172.30.0.14');
    assert.equal(installed.length, 3);
  });

  it('sends them to all when none seems to be there: it may be the API that is not', async () => {
    putSlice(3);
    putNode('node-3', 'Unknown');
    assert.equal(await others(), '0 : 172.30.0.12, 1 : 172.30.0.13');
  });
});
