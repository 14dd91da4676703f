// `up --proxy ebpf`: pods' sockets are translated, those of pods that do not want it are not, and nothing is left behind.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { unifiedCgroupRoot } from '../../src/kernel/unified-cgroup.ts';
import { eventually } from '../support/poll.ts';
import { noCgroups } from '../support/test-cgroup.ts';
import { type TestCluster, startTestCluster } from '../support/test-cluster.ts';

const client = (name: string, annotations: string): string => `apiVersion: v1
kind: Pod
metadata: { name: ${name}, annotations: ${annotations} }
spec: { containers: [{ name: client, image: podnet/toolbox, command: [sleep, infinity] }] }
---
`;

const WORKLOAD = `${client('sockets', '{}')}${client('packets', '{ podnet.dev/socket-translation: disabled }')}apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web } }
spec: { containers: [{ name: web, image: podnet/nginx }] }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
`;

describe('a cluster whose sockets are translated', { skip: noCgroups }, () => {
  let cluster: TestCluster;
  const folder = (): string => join(unifiedCgroupRoot()!, 'podnet', cluster.name);
  before(async () => {
    cluster = await startTestCluster('sockets', { nodes: 1, proxy: 'ebpf' });
    await cluster.kubectl(['apply', '-f', '-'], WORKLOAD);
    await cluster.kubectl(['wait', '--for=condition=Ready', 'pod', '--all', '--timeout=30s']);
  });
  after(() => cluster?.down());

  it('needs no conntrack entry for a Service, but for the pod that asks for packets', async () => {
    const ip = await cluster.kubectl(['get', 'service', 'web', '-o', 'jsonpath={.spec.clusterIP}']);
    const curl = ['curl', '-s', '-o', '/dev/null', '-w', '%{http_code} %{remote_ip}', 'http://web'];
    const flows = async (): Promise<string> => {
      const { code, stdout } = await cluster.onNode('node-1', ['conntrack', '-L', '-d', ip]);
      assert.equal(code, 0);
      return stdout;
    };
    await eventually('sockets are translated', async () => {
      await cluster.onNode('node-1', ['conntrack', '-F']);
      const { stdout } = await cluster.tryKubectl(['exec', 'sockets', '--', ...curl]);
      return stdout === `200 ${ip}` && (await flows()) === '';
    });
    assert.equal(await cluster.kubectl(['exec', 'packets', '--', ...curl]), `200 ${ip}`);
    assert.match(await flows(), /dport=80/);
  });

  it('says that it translates sockets', async () => {
    const { stdout } = await cluster.onNode('node-1', ['curl', '-s', 'http://127.0.0.1:10249/proxyMode']);
    assert.equal(stdout, 'ebpf');
  });

  it('leaves no cgroup behind', async () => {
    assert.ok(existsSync(folder()));
    await cluster.down();
    assert.ok(!existsSync(folder()));
  });
});
