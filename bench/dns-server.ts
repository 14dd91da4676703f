// The server under test of dns-qps.ts: the cluster DNS by itself, with as many Services and pods as it is told. Says
// `ready`, then its memory each time that it is asked.
import { endpointSlices, namespaces, pods, services } from '../src/k8s/resources.ts';
import { dnsIndexes, startDns } from '../src/dns/dns.ts';
import { startInformer } from '../src/informer/informer.ts';
import { systemClock as clock } from '../src/lang/clock.ts';
import { silentLog as log } from '../src/lang/log.ts';
import { createFakeClient } from '../test/support/fake-client.ts';

const [address, port, serviceCount] = [process.argv[2]!, Number(process.argv[3]), Number(process.argv[4])];

const client = createFakeClient(50);
client.put(namespaces, { metadata: { name: 'default' } });
for (let n = 0; n < serviceCount; n++) {
  const clusterIP = `10.96.${n >> 8}.${n & 255}`;
  client.put(services, {
    metadata: { name: `service-${n}`, namespace: 'default' },
    spec: { clusterIP, clusterIPs: [clusterIP], ports: [{ name: 'http', port: 80 }] },
  });
}
const common = { client, clock, log };
const informers = {
  services: startInformer({ ...common, resource: services, indexes: dnsIndexes.services }),
  endpointSlices: startInformer({ ...common, resource: endpointSlices, indexes: dnsIndexes.endpointSlices }),
  namespaces: startInformer({ ...common, resource: namespaces }),
  pods: startInformer({ ...common, resource: pods, indexes: dnsIndexes.pods }),
};
const dns = startDns({
  ...common,
  ...informers,
  domain: 'cluster.local',
  addresses: [address],
  port,
  nodeName: 'n',
  upstreams: [],
});
await dns.whenReady();
process.send!('ready');
process.on('message', () => process.send!(process.memoryUsage()));
process.on('disconnect', () => process.exit(0));
