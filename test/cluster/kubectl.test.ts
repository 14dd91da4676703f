// kubectl, the real one, in two versions: each command that people use, against a whole cluster.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../support/poll.ts';
import {
  KUBECTL_VERSIONS,
  type Outcome,
  type TestCluster,
  startTestCluster,
} from '../support/test-cluster.ts';

const POD = `apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web } }
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - { name: web, image: nginx, ports: [{ containerPort: 80 }] }
    - { name: side, image: podnet/toolbox, command: [sh, -c, 'echo started; echo oops >&2; sleep infinity'] }
`;
const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: { name: app }
spec:
  replicas: 1
  selector: { matchLabels: { app: app } }
  template:
    metadata: { labels: { app: app } }
    spec: { terminationGracePeriodSeconds: 1, containers: [{ name: c, image: podnet/toolbox, command: [sleep, infinity] }] }
`;

describe('kubectl', () => {
  let cluster: TestCluster;
  let folder: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'podnet-kubectl-'));
    cluster = await startTestCluster('kubectl', { nodes: 2, zones: 'a,b' });
  });
  after(async () => {
    await cluster?.down();
    rmSync(folder, { recursive: true });
  });

  for (const version of KUBECTL_VERSIONS) {
    describe(version, () => {
      const namespace = `v${version.replace('.', '-')}`;
      const raw = (args: readonly string[], input?: string): Promise<Outcome> =>
        cluster.tryKubectl(['-n', namespace, ...args], {
          version,
          ...(input === undefined ? {} : { input }),
        });
      const kubectl = async (args: readonly string[], input?: string): Promise<string> => {
        const { code, stdout, stderr } = await raw(args, input);
        assert.equal(code, 0, `kubectl ${args.join(' ')}: ${stderr}`);
        return stdout;
      };

      it('create: namespace, configmap, secret, deployment, service', async () => {
        assert.equal(await kubectl(['create', 'namespace', namespace]), `namespace/${namespace} created\n`);
        assert.equal(
          await kubectl(['create', 'configmap', 'c', '--from-literal=a=1']),
          'configmap/c created\n',
        );
        assert.equal(
          await kubectl(['create', 'secret', 'generic', 's', '--from-literal=p=w']),
          'secret/s created\n',
        );
        assert.equal(await kubectl(['get', 'secret', 's', '-o', 'jsonpath={.data.p}']), 'dw==');
        assert.equal(
          await kubectl(['create', 'deployment', 'made', '--image=nginx', '--replicas=0']),
          'deployment.apps/made created\n',
        );
        assert.equal(
          await kubectl(['create', 'service', 'clusterip', 'svc', '--tcp=80:80']),
          'service/svc created\n',
        );
      });

      it('apply: stdin, file, folder; unchanged and configured', async () => {
        assert.equal(await kubectl(['apply', '-f', '-'], POD), 'pod/web created\n');
        assert.equal(await kubectl(['apply', '-f', '-'], POD), 'pod/web unchanged\n');
        const sub = join(folder, version);
        mkdirSync(sub);
        const configMap = (name: string): string =>
          `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\n`;
        for (const name of ['one', 'two']) writeFileSync(join(sub, `${name}.yaml`), configMap(name));
        assert.equal(await kubectl(['apply', '-f', sub]), 'configmap/one created\nconfigmap/two created\n');
        const file = join(folder, `${version}.yaml`);
        writeFileSync(file, DEPLOYMENT);
        assert.equal(await kubectl(['apply', '-f', file]), 'deployment.apps/app created\n');
        writeFileSync(file, DEPLOYMENT.replace('replicas: 1', 'replicas: 2'));
        assert.equal(await kubectl(['apply', '-f', file]), 'deployment.apps/app configured\n');
        assert.equal(await kubectl(['get', 'deployment', 'app', '-o', 'jsonpath={.spec.replicas}']), '2');
      });

      it('wait, rollout status, get in every output format', async () => {
        assert.match(
          await kubectl(['wait', '--for=condition=Ready', 'pod/web', '--timeout=60s']),
          /condition met/,
        );
        assert.match(
          await kubectl(['rollout', 'status', 'deployment/app', '--timeout=60s']),
          /successfully rolled out/,
        );
        assert.match(
          await kubectl(['get', 'pods']),
          /NAME\s+READY\s+STATUS\s+RESTARTS\s+AGE\n[\s\S]*web\s+2\/2\s+Running\s+0/,
        );
        assert.match(
          await kubectl(['get', 'pods', '-o', 'wide']),
          /IP\s+NODE\s+NOMINATED NODE\s+READINESS GATES/,
        );
        assert.equal(JSON.parse(await kubectl(['get', 'pod', 'web', '-o', 'json'])).metadata.name, 'web');
        assert.match(await kubectl(['get', 'pod', 'web', '-o', 'yaml']), /^apiVersion: v1\nkind: Pod\n/);
        assert.equal(await kubectl(['get', 'pod', 'web', '-o', 'name']), 'pod/web\n');
        assert.equal(
          await kubectl(['get', 'pod', 'web', '-o', 'jsonpath={.spec.containers[*].name}']),
          'web side',
        );
        assert.match(
          await kubectl(['get', 'pod', 'web', '-o', 'custom-columns=N:.metadata.name']),
          /^N\nweb\n$/,
        );
        assert.equal(await kubectl(['get', 'pod', 'web', '-o', 'go-template={{.metadata.name}}']), 'web');
        assert.match(
          await kubectl(['get', 'pods', '--show-labels', '--sort-by=.metadata.name']),
          /web .*app=web/,
        );
        assert.match(
          await kubectl(['get', 'all']),
          /pod\/web[\s\S]*service\/svc[\s\S]*deployment\.apps\/app[\s\S]*replicaset\.apps\/app-/,
        );
        assert.match(await kubectl(['get', 'pods', '-A']), new RegExp(`${namespace}\\s+web`));
        assert.match(
          await kubectl(['get', 'nodes', '-o', 'wide', '-L', 'topology.kubernetes.io/zone']),
          /node-2\s+Ready/,
        );
      });

      it('selects by labels and fields', async () => {
        assert.equal(await kubectl(['get', 'pods', '-l', 'app in (web)', '-o', 'name']), 'pod/web\n');
        assert.equal(await kubectl(['get', 'pods', '-l', 'app!=web,app!=app', '-o', 'name']), '');
        assert.equal(
          await kubectl(['get', 'pods', '--field-selector', 'metadata.name=web', '-o', 'name']),
          'pod/web\n',
        );
        assert.equal(
          await kubectl(['get', 'pods', '--field-selector', 'status.phase=Failed', '-o', 'name']),
          '',
        );
      });

      it('describe shows events', async () => {
        const text = await kubectl(['describe', 'pod', 'web']);
        assert.match(text, /Events:[\s\S]*Scheduled[\s\S]*Pulled[\s\S]*Created[\s\S]*Started/);
        assert.match(await kubectl(['describe', 'node', 'node-1']), /Ready\s+True/);
        assert.match(await kubectl(['describe', 'deployment', 'app']), /ScalingReplicaSet/);
      });

      it('label, annotate, patch in all three types, edit', async () => {
        assert.equal(await kubectl(['label', 'pod', 'web', 'x=y']), 'pod/web labeled\n');
        assert.equal(await kubectl(['annotate', 'pod', 'web', 'x=y']), 'pod/web annotated\n');
        assert.equal(
          await kubectl(['patch', 'deployment', 'app', '-p', '{"spec":{"minReadySeconds":1}}']),
          'deployment.apps/app patched\n',
        );
        await kubectl([
          'patch',
          'deployment',
          'app',
          '--type=merge',
          '-p',
          '{"metadata":{"labels":{"m":"1"}}}',
        ]);
        await kubectl([
          'patch',
          'deployment',
          'app',
          '--type=json',
          '-p',
          '[{"op":"remove","path":"/metadata/labels/m"}]',
        ]);
        assert.equal(await kubectl(['get', 'deployment', 'app', '-o', 'jsonpath={.metadata.labels.m}']), '');
        const edit = (editor: string): Promise<Outcome> =>
          cluster.tryKubectl(['-n', namespace, 'edit', 'configmap', 'c'], {
            version,
            env: { KUBE_EDITOR: editor },
          });
        assert.match((await edit('true')).stderr, /Edit cancelled, no changes made/);
        assert.equal((await edit(`sed -i 's/a: "1"/a: "2"/'`)).stdout, 'configmap/c edited\n');
        assert.equal(await kubectl(['get', 'configmap', 'c', '-o', 'jsonpath={.data.a}']), '2');
      });

      it('scale, expose, rollout restart, history and undo', async () => {
        assert.equal(
          await kubectl(['scale', 'deployment', 'app', '--replicas=1']),
          'deployment.apps/app scaled\n',
        );
        assert.equal(
          await kubectl(['expose', 'pod', 'web', '--port=80', '--name=exposed']),
          'service/exposed exposed\n',
        );
        assert.equal(
          await kubectl(['rollout', 'restart', 'deployment/app']),
          'deployment.apps/app restarted\n',
        );
        assert.match(
          await kubectl(['rollout', 'status', 'deployment/app', '--timeout=60s']),
          /successfully rolled out/,
        );
        assert.match(await kubectl(['rollout', 'history', 'deployment/app']), /REVISION[\s\S]*2/);
        assert.equal(
          await kubectl(['rollout', 'undo', 'deployment/app']),
          'deployment.apps/app rolled back\n',
        );
      });

      it('logs: of a container, the last lines, followed', async () => {
        assert.match(await kubectl(['logs', 'web', '-c', 'side']), /started\noops\n|oops\nstarted\n/);
        assert.equal((await kubectl(['logs', 'web', '-c', 'side', '--tail=1'])).trim().split('\n').length, 1);
        assert.match(
          await kubectl(['logs', 'web', '-c', 'side', '--timestamps']),
          /^\d{4}-\d\d-\d\dT[^ ]+Z (started|oops)/,
        );
        const count = 'for i in 1 2 3; do echo $i; sleep 0.2; done';
        await kubectl(['run', 'counts', '--image=busybox', '--restart=Never', '--', 'sh', '-c', count]);
        await eventually(
          'its end, by following',
          async () => (await raw(['logs', '-f', 'counts'])).stdout === '1\n2\n3\n',
        );
        const { code, stderr } = await raw(['logs', 'web', '-c', 'nobody']);
        assert.equal(code, 1);
        assert.match(stderr, /container nobody is not valid for pod web/);
      });

      it('exec: output, both streams, exit code, stdin, default container', async () => {
        assert.equal(await kubectl(['exec', 'web', '-c', 'side', '--', 'echo', 'hi']), 'hi\n');
        const failed = await raw([
          'exec',
          'web',
          '-c',
          'side',
          '--',
          'sh',
          '-c',
          'echo out; echo err >&2; exit 7',
        ]);
        assert.equal(failed.code, 7);
        assert.equal(failed.stdout, 'out\n');
        assert.match(failed.stderr, /^err\n[\s\S]*exit code 7/);
        assert.equal(
          await kubectl(['exec', '-i', 'web', '-c', 'side', '--', 'cat'], 'from stdin'),
          'from stdin',
        );
        assert.match((await raw(['exec', 'web', '--', 'true'])).stderr, /Defaulted container "web"/);
      });

      it('get -w tells of changes', async () => {
        const kubeconfig = ['--kubeconfig', cluster.kubeconfig, '-n', namespace];
        const program = join(import.meta.dirname, `../../.podnet/kubectl-${version}/kubectl`);
        const watcher = spawn(program, [...kubeconfig, 'get', 'configmaps', '-w', '-o', 'name'], {
          stdio: ['ignore', 'pipe', 'ignore'],
        });
        let seen = '';
        watcher.stdout.on('data', (chunk: Buffer) => (seen += String(chunk)));
        try {
          await eventually('the first list', () => seen.includes('configmap/c\n'));
          await kubectl(['create', 'configmap', 'late']);
          await eventually('the new one', () => seen.includes('configmap/late\n'));
        } finally {
          watcher.kill();
        }
      });

      it('delete: by name, file, selector, namespace with all it holds', async () => {
        assert.match(await kubectl(['delete', 'pod', 'web']), /pod "web" deleted/);
        assert.match(await kubectl(['delete', 'pod', '-l', 'run=counts']), /pod "counts" deleted/);
        assert.match(
          await kubectl(['delete', '-f', join(folder, version)]),
          /configmap "one" deleted[\s\S]*configmap "two" deleted/,
        );
        assert.match(await kubectl(['delete', 'deployment', '--all']), /deployment.apps "app" deleted/);
        await eventually(
          'pods of the deployment are collected',
          async () => (await kubectl(['get', 'pods', '-o', 'name'])) === '',
        );
        assert.match(await kubectl(['delete', 'namespace', namespace]), /deleted/);
        assert.match(
          (await raw(['get', 'configmap', 'c'])).stderr,
          new RegExp(`namespaces "${namespace}" not found`),
        );
      });
    });
  }
});
