// Real clients of the API: client-go and controller-runtime from outside, and client-go and client-node in pods.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { GO_BUILD_MS_MAX, buildGoTests, listGoTests, runGoTest, whyNoGo } from '../support/go-tests.ts';
import { eventually } from '../support/poll.ts';
import { type TestCluster, startTestCluster } from '../support/test-cluster.ts';

const ROOT = join(import.meta.dirname, '../..');

const IN_POD = 'TestInCluster';

const ACCESS = `
apiVersion: v1
kind: ServiceAccount
metadata: { name: client }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: client }
rules:
  - { apiGroups: [''], resources: [configmaps], verbs: [get, list, watch, create, patch, delete] }
  - { apiGroups: [coordination.k8s.io], resources: [leases], verbs: [get, create, update] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: client }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: client }
subjects: [{ kind: ServiceAccount, name: client, namespace: default }]
`;

/** A pod with that account, in which folders of this machine can be read. */
const clientPod = (
  name: string,
  command: readonly string[],
  folders: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      serviceAccountName: 'client',
      restartPolicy: 'Never',
      containers: [
        {
          name: 'client',
          image: 'podnet/toolbox',
          command,
          env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
          volumeMounts: Object.keys(folders).map((mountPath, index) => ({
            ...{ name: `v${index}`, mountPath, readOnly: true },
          })),
        },
      ],
      volumes: Object.values(folders).map((path, index) => ({ name: `v${index}`, hostPath: { path } })),
    },
  });

/** Node and the libraries that it is linked with, as ldd(1) finds them. */
const copyNode = (folder: string): void => {
  mkdirSync(folder);
  copyFileSync(realpathSync(process.execPath), join(folder, 'node'));
  const libraries = execFileSync('ldd', [process.execPath], { encoding: 'utf8' }).matchAll(/=> (\/\S+)/g);
  for (const [, path = ''] of libraries) copyFileSync(path, join(folder, basename(path)));
};

describe('clients', () => {
  let cluster: TestCluster;
  let folder: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'podnet-clients-'));
    cluster = await startTestCluster('clients', { nodes: 1 });
    await cluster.kubectl(['apply', '-f', '-'], ACCESS);
  });
  after(async () => {
    await cluster?.down();
    rmSync(folder, { recursive: true });
  });

  /** Runs the pod to its end; gives its log. */
  const runPod = async (name: string, manifest: string): Promise<string> => {
    await cluster.kubectl(['apply', '-f', '-'], manifest);
    const phase = await eventually(`the end of pod ${name}`, async () => {
      const now = await cluster.kubectl(['get', 'pod', name, '-o', 'jsonpath={.status.phase}']);
      return now === 'Succeeded' || now === 'Failed' ? now : undefined;
    });
    const log = await cluster.kubectl(['logs', name]);
    assert.equal(phase, 'Succeeded', log);
    return log;
  };

  it('client-node in a pod: its own config, a Lease, an informer, writes', async () => {
    copyNode(join(folder, 'node'));
    const folders = {
      '/node': join(folder, 'node'),
      '/app/node_modules': join(ROOT, 'node_modules'),
      '/app/support': join(ROOT, 'test/support'),
    };
    const command = ['/node/node', '/app/support/in-cluster-agent.ts'];
    const log = await runPod('node', clientPod('node', command, folders, { LD_LIBRARY_PATH: '/node' }));
    assert.match(log, /add\nupdate\ndelete\ndone\n$/);
  });

  const missing = whyNoGo();
  const program = (): string => join(folder, 'go', 'conformance');
  const timeout = GO_BUILD_MS_MAX;
  it('client-go and controller-runtime, test by test', { skip: missing, timeout }, async (context) => {
    mkdirSync(join(folder, 'go'));
    const { code, stderr } = await buildGoTests(program());
    assert.equal(code, 0, stderr);
    const names = (await listGoTests(program())).filter((name) => name !== IN_POD);
    assert.ok(names.length > 0);
    for (const name of names)
      await context.test(name, async () => {
        const outcome = await runGoTest(program(), name, cluster.kubeconfig);
        assert.equal(outcome.code, 0, outcome.stdout + outcome.stderr);
      });
  });

  it(
    'client-go in a pod: its own config, leader election, an informer, writes',
    { skip: missing },
    async () => {
      const command = ['/go/conformance', `-test.run=^${IN_POD}$`, '-test.v'];
      const log = await runPod('go', clientPod('go', command, { '/go': join(folder, 'go') }));
      assert.match(log, new RegExp(`--- PASS: ${IN_POD}`));
    },
  );
});
