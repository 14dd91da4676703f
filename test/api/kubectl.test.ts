// kubectl, the real one, against the API server alone: what needs no controller, no node and no root.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { namespaces, serviceAccounts } from '../../src/k8s/resources.ts';
import { eventually } from '../support/poll.ts';
import { type TestApiServer, startTestApiServer } from '../support/test-api-server.ts';
import { KUBECTL_VERSIONS, type Outcome } from '../support/test-cluster.ts';

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: { name: app, labels: { tier: web } }
spec:
  replicas: 1
  selector: { matchLabels: { app: app } }
  template:
    metadata: { labels: { app: app } }
    spec: { containers: [{ name: c, image: busybox, ports: [{ containerPort: 80 }] }] }
`;

describe('API server with kubectl', () => {
  let api: TestApiServer;
  before(async () => {
    api = await startTestApiServer();
  });
  after(() => api?.close());

  for (const version of KUBECTL_VERSIONS) {
    describe(version, () => {
      const namespace = `v${version.replace('.', '-')}`;
      const raw = (args: readonly string[], input?: string, env?: NodeJS.ProcessEnv): Promise<Outcome> =>
        api.kubectl(version, ['-n', namespace, ...args], {
          ...(input === undefined ? {} : { input }),
          ...(env ? { env } : {}),
        });
      const kubectl = async (args: readonly string[], input?: string): Promise<string> => {
        const { code, stdout, stderr } = await raw(args, input);
        assert.equal(code, 0, `kubectl ${args.join(' ')}: ${stderr}`);
        return stdout;
      };
      before(async () => {
        await api.put(namespaces, { metadata: { name: namespace } });
        await api.put(serviceAccounts, { metadata: { name: 'default', namespace } });
      });

      it('a kind that is not there is called so', async () => {
        const { code, stderr } = await raw(
          ['apply', '-f', '-'],
          'apiVersion: v1\nkind: Nope\nmetadata: { name: a }',
        );
        assert.equal(code, 1);
        assert.match(stderr, /no matches for kind "Nope" in version "v1"/);
      });

      it('version, api-resources, api-versions', async () => {
        assert.match(await kubectl(['version']), /Server Version: v1\.36\.0/);
        const resources = await kubectl(['api-resources', '-o', 'wide']);
        assert.match(resources, /deployments +deploy +apps\/v1 +true +Deployment +create,delete,.* all/);
        assert.match(resources, /namespaces +ns +v1 +false +Namespace/);
        assert.match(await kubectl(['api-versions']), /^apps\/v1\n[\s\S]*^v1$/m);
      });

      it('create sends protobuf: configmap, secret, deployment, service, run', async () => {
        await kubectl(['create', 'configmap', 'c', '--from-literal=a=1']);
        await kubectl(['create', 'secret', 'generic', 's', '--from-literal=p=w']);
        assert.equal(await kubectl(['get', 'secret', 's', '-o', 'jsonpath={.data.p}']), 'dw==');
        await kubectl(['create', 'deployment', 'made', '--image=nginx', '--replicas=0']);
        assert.equal(await kubectl(['get', 'deploy', 'made', '-o', 'jsonpath={.spec.replicas}']), '0');
        await kubectl(['create', 'service', 'clusterip', 'svc', '--tcp=80:8080']);
        const ports = await kubectl(['get', 'svc', 'svc', '-o', 'jsonpath={.spec.ports}']);
        assert.deepEqual(JSON.parse(ports), [
          { name: '80-8080', port: 80, protocol: 'TCP', targetPort: 8080 },
        ]);
        const flags = ['--image=nginx', '--restart=Never', '--port=80', '--env=A=b', '--labels=app=p'];
        await kubectl(['run', 'p', ...flags]);
        const [container] = JSON.parse(await kubectl(['get', 'pod', 'p', '-o', 'json'])).spec.containers;
        assert.deepEqual(container.env, [{ name: 'A', value: 'b' }]);
        assert.deepEqual(container.ports, [{ containerPort: 80, protocol: 'TCP' }]);
      });

      it('apply: created, unchanged, configured, refused', async () => {
        assert.equal(await kubectl(['apply', '-f', '-'], DEPLOYMENT), 'deployment.apps/app created\n');
        assert.equal(await kubectl(['apply', '-f', '-'], DEPLOYMENT), 'deployment.apps/app unchanged\n');
        const more = DEPLOYMENT.replace('replicas: 1', 'replicas: 2');
        assert.equal(await kubectl(['apply', '-f', '-'], more), 'deployment.apps/app configured\n');
        const wrong = DEPLOYMENT.replace('name: app,', 'name: wrong,').replace('replicas', 'replicaz');
        const { code, stderr } = await raw(['apply', '-f', '-'], wrong);
        assert.equal(code, 1);
        assert.match(stderr, /strict decoding error: unknown field "spec\.replicaz"/);
        assert.match(await kubectl(['apply', '-f', '-', '--dry-run=server'], DEPLOYMENT), /server dry run/);
        assert.equal(await kubectl(['get', 'deploy', 'app', '-o', 'jsonpath={.spec.replicas}']), '2');
      });

      it('get prints the columns of a kind, wide, everywhere, sorted', async () => {
        assert.match(
          await kubectl(['get', 'deploy', 'app']),
          /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\napp/,
        );
        assert.match(
          await kubectl(['get', 'deploy', '-o', 'wide']),
          /CONTAINERS +IMAGES +SELECTOR\n.* busybox +app=app/,
        );
        assert.match(
          await kubectl(['get', 'svc', '-A']),
          new RegExp(`${namespace} +svc +ClusterIP +10\\.96`),
        );
        assert.match(
          await kubectl(['get', 'pods', '--sort-by=.metadata.name', '--show-labels']),
          /p .*app=p/,
        );
        assert.match(await kubectl(['get', 'all']), /pod\/p[\s\S]*service\/svc[\s\S]*deployment\.apps\/app/);
        assert.match(
          await kubectl(['get', 'deploy', 'app', '-o', 'yaml']),
          /^apiVersion: apps\/v1\nkind: Deployment\n/,
        );
        assert.equal(await kubectl(['get', 'pods', '-l', 'app in (p)', '-o', 'name']), 'pod/p\n');
        assert.match(
          (await raw(['get', 'cm', 'absent'])).stderr,
          /\(NotFound\): configmaps "absent" not found/,
        );
        assert.match((await raw(['get', 'nonsense'])).stderr, /doesn't have a resource type "nonsense"/);
      });

      it('label, annotate, patch in three types, scale, rollout restart, expose', async () => {
        await kubectl(['label', 'cm', 'c', 'x=y']);
        await kubectl(['annotate', 'cm', 'c', 'x=y']);
        await kubectl(['patch', 'deploy', 'app', '-p', '{"spec":{"minReadySeconds":1}}']);
        await kubectl(['patch', 'deploy', 'app', '--type=merge', '-p', '{"metadata":{"labels":{"m":"1"}}}']);
        const remove = '[{"op":"remove","path":"/metadata/labels/m"}]';
        await kubectl(['patch', 'deploy', 'app', '--type=json', '-p', remove]);
        const labels = await kubectl(['get', 'deploy', 'app', '-o', 'jsonpath={.metadata.labels}']);
        assert.deepEqual(JSON.parse(labels), { tier: 'web' });
        assert.equal(
          await kubectl(['scale', 'deploy', 'app', '--replicas=3']),
          'deployment.apps/app scaled\n',
        );
        assert.equal(await kubectl(['rollout', 'restart', 'deploy/app']), 'deployment.apps/app restarted\n');
        assert.equal(await kubectl(['expose', 'pod', 'p', '--port=80', '--name=e']), 'service/e exposed\n');
      });

      it('edit, replace, diff', async () => {
        const editor = { KUBE_EDITOR: `sed -i s/minReadySeconds:.*/minReadySeconds:\\ 7/` };
        assert.match((await raw(['edit', 'deploy', 'app'], undefined, editor)).stdout, /app edited/);
        const path = ['-o', 'jsonpath={.spec.minReadySeconds}'];
        assert.equal(await kubectl(['get', 'deploy', 'app', ...path]), '7');
        assert.match((await raw(['diff', '-f', '-'], DEPLOYMENT)).stdout, /-  replicas: 3\n\+  replicas: 1/);
        assert.equal(await kubectl(['replace', '-f', '-'], DEPLOYMENT), 'deployment.apps/app replaced\n');
      });

      it('explain and describe', async () => {
        const text = await kubectl(['explain', 'deployment.spec.template.spec.containers.ports']);
        assert.match(
          text,
          /GROUP: +apps\n[\s\S]*FIELD: ports <\[\]ContainerPort>[\s\S]*containerPort\t<integer> -required-/,
        );
        assert.match(
          await kubectl(['explain', 'service.spec.ports', '--recursive']),
          /targetPort\t<IntOrString>/,
        );
        assert.match(await kubectl(['describe', 'deploy', 'app']), /Replicas: +1 desired/);
        assert.match(await kubectl(['describe', 'pod', 'p']), /Events: +<none>/);
      });

      it('wait ends when another client brings the condition about', async () => {
        const waiting = kubectl(['wait', '--for=jsonpath={.data.b}=2', 'cm/c', '--timeout=20s']);
        await kubectl(['patch', 'cm', 'c', '-p', '{"data":{"b":"2"}}']);
        assert.equal(await waiting, 'configmap/c condition met\n');
      });

      it('get -w prints a row for each change', async () => {
        const program = join(import.meta.dirname, `../../.podnet/kubectl-${version}/kubectl`);
        const args = ['--kubeconfig', api.kubeconfig, '-n', namespace, 'get', 'cm', '-w'];
        const watcher = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
        let seen = '';
        watcher.stdout.on('data', (chunk: Buffer) => (seen += String(chunk)));
        try {
          await eventually('the list', () => /^NAME +DATA +AGE\nc +2/.test(seen));
          await kubectl(['create', 'configmap', 'late', '--from-literal=a=1']);
          await eventually('the new one', () => /^late +1 /m.test(seen));
          await kubectl(['delete', 'configmap', 'late']);
          await eventually('its end', () => (seen.match(/^late /gm) ?? []).length === 2);
        } finally {
          watcher.kill();
        }
      });

      it('auth whoami, can-i, create token', async () => {
        assert.match(
          await kubectl(['auth', 'whoami']),
          /Username +kubernetes-admin\nGroups +\[system:masters/,
        );
        assert.equal(await kubectl(['auth', 'can-i', 'create', 'pods']), 'yes\n');
        assert.match(await kubectl(['create', 'token', 'default']), /^[\w-]+\.[\w-]+\.[\w-]+\s?$/);
        assert.match(
          (await raw(['create', 'token', 'default', '--duration=1s'])).stderr,
          /spec\.expirationSeconds: Invalid value: 1: may not specify a duration less than 10 minutes/,
        );
      });

      it('delete: by name, selector, all, namespace', async () => {
        assert.match(await kubectl(['delete', 'cm', 'c']), /configmap "c" deleted/);
        assert.match(await kubectl(['delete', 'deploy', '-l', 'tier=web']), /"app" deleted/);
        assert.match(await kubectl(['delete', 'svc', '--all']), /"svc" deleted/);
        assert.match((await raw(['delete', 'cm', 'c'])).stderr, /configmaps "c" not found/);
      });
    });
  }
});
