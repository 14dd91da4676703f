// helm, the real one, as versions 3 and 4: the sample charts installed, upgraded, rolled back, tested and uninstalled.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { contextName } from '../../src/cli/kubeconfig.ts';
import { eventually } from '../support/poll.ts';
import { type Outcome, type TestCluster, run, startTestCluster } from '../support/test-cluster.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Each kubectl comes with a helm; what 3 calls atomic is another flag in 4. */
const HELMS = [
  { major: 3, kubectl: '1.32', atomic: '--atomic' },
  { major: 4, kubectl: '1.36', atomic: '--rollback-on-failure' },
] as const;

const ABSENT_IMAGE = ['--set', 'image=registry.example.com/absent'];
const FAILING_HOOK = ['--set', 'hook.command={sh,-c,exit 1}'];

const chart = (name: string): string => join(ROOT, 'examples/charts', name);

describe('helm', () => {
  let cluster: TestCluster;
  let folder: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'podnet-helm-'));
    cluster = await startTestCluster('helm', { nodes: 2 });
  });
  after(async () => {
    await cluster?.down();
    rmSync(folder, { recursive: true });
  });

  for (const { major, kubectl: version, atomic } of HELMS) {
    describe(String(major), () => {
      const namespace = `helm-${major}`;
      const env = (): NodeJS.ProcessEnv =>
        Object.fromEntries(
          ['CACHE', 'CONFIG', 'DATA'].map((kind) => [`HELM_${kind}_HOME`, join(folder, `${major}`, kind)]),
        );
      const raw = (...args: string[]): Promise<Outcome> =>
        run(
          join(ROOT, `.podnet/kubectl-${version}/helm`),
          [
            ...['--kubeconfig', cluster.kubeconfig, '--kube-context', contextName(cluster.name)],
            ...['-n', namespace, ...args],
          ],
          { env: env() },
        );
      const helm = async (...args: string[]): Promise<string> => {
        const { code, stdout, stderr } = await raw(...args);
        assert.equal(code, 0, `helm ${args.join(' ')}: ${stdout}${stderr}`);
        return stdout;
      };
      const refused = async (message: RegExp, ...args: string[]): Promise<void> => {
        const { code, stderr } = await raw(...args);
        assert.equal(code, 1, `helm ${args.join(' ')} should fail`);
        assert.match(stderr, message);
      };
      const kubectl = async (args: readonly string[], input?: string): Promise<string> => {
        const options = { version, ...(input === undefined ? {} : { input }) };
        const { code, stdout, stderr } = await cluster.tryKubectl(['-n', namespace, ...args], options);
        assert.equal(code, 0, `kubectl ${args.join(' ')}: ${stderr}`);
        return stdout;
      };
      const names = async (kinds: string): Promise<string[]> =>
        (await kubectl(['get', kinds, '-o', 'name'])).trim().split('\n');
      const history = async (release: string): Promise<string[]> =>
        (JSON.parse(await helm('history', release, '-o', 'json')) as { status: string }[]).map(
          ({ status }) => status,
        );

      it(`is helm ${major}`, async () => {
        assert.match(await helm('version', '--short'), new RegExp(`^v${major}\\.`));
      });

      it('installs a chart, its namespace and hooks, and waits for it', async () => {
        const said = await helm('install', 'web', chart('web-app'), '--create-namespace', '--wait');
        assert.match(said, /STATUS: deployed\nREVISION: 1\n[\s\S]*web answers with "hello", release 1\./);
        assert.deepEqual(await names('deploy,svc,ing,hpa,pdb'), [
          'deployment.apps/web',
          'service/web',
          'ingress.networking.k8s.io/web',
          'horizontalpodautoscaler.autoscaling/web',
          'poddisruptionbudget.policy/web',
        ]);
        const pods = await names('pods');
        assert.ok(pods.includes('pod/web-after'), 'the hook after the installation stays');
        assert.ok(!pods.includes('pod/web-before'), 'the hook before it is deleted once it succeeded');
        assert.equal(
          await kubectl(['get', 'pod', 'web-after', '-o', 'jsonpath={.status.phase}']),
          'Succeeded',
        );
        assert.equal(await kubectl(['get', 'deploy', 'web', '-o', 'jsonpath={.status.readyReplicas}']), '2');
      });

      it('refuses a name that is in use', () =>
        refused(/cannot re-?use a name that is still in use/, 'install', 'web', chart('web-app')));

      it('tests a release from a pod', async () => {
        assert.match(
          await helm('test', 'web', '--logs'),
          /TEST SUITE: +web-answers\n[\s\S]*Phase: +Succeeded/,
        );
      });

      it('upgrades: other pods answer with the new message', async () => {
        const said = await helm('upgrade', 'web', chart('web-app'), '--set', 'message=bye', '--wait');
        assert.match(said, /REVISION: 2\n[\s\S]*web answers with "bye", release 2\./);
        await helm('test', 'web');
        assert.deepEqual(await history('web'), ['superseded', 'deployed']);
      });

      it('list, status and get tell of the release', async () => {
        const [release] = JSON.parse(await helm('list', '-o', 'json'));
        assert.equal(
          `${release.name} ${release.revision} ${release.status} ${release.chart}`,
          'web 2 deployed web-app-0.1.0',
        );
        assert.match(await helm('status', 'web'), /STATUS: deployed/);
        assert.match(await helm('get', 'values', 'web'), /^message: bye$/m);
        assert.match(await helm('get', 'manifest', 'web'), /^kind: PodDisruptionBudget$/m);
        assert.match(await helm('get', 'hooks', 'web'), /helm\.sh\/hook: pre-install,pre-upgrade/);
        assert.match(await helm('get', 'notes', 'web'), /release 2/);
        assert.equal(
          await kubectl([
            'get',
            'secrets',
            '-l',
            'owner=helm,status=deployed',
            '-o',
            'jsonpath={.items[*].type}',
          ]),
          'helm.sh/release.v1',
        );
      });

      it('a dry run by the server changes nothing', async () => {
        assert.match(
          await helm('upgrade', 'web', chart('web-app'), '--dry-run=server', '--set', 'message=no'),
          /index\.html: "no"/,
        );
        assert.equal((await history('web')).length, 2);
      });

      it('an upgrade that does not become ready is rolled back', async () => {
        await refused(
          /has been rolled back/,
          'upgrade',
          'web',
          chart('web-app'),
          ...ABSENT_IMAGE,
          atomic,
          '--timeout',
          '5s',
        );
        assert.deepEqual(await history('web'), ['superseded', 'superseded', 'failed', 'deployed']);
        await helm('test', 'web');
      });

      it('a hook that fails stops the upgrade before anything changes', async () => {
        await refused(/pre-upgrade hooks failed/, 'upgrade', 'web', chart('web-app'), ...FAILING_HOOK);
        assert.deepEqual((await history('web')).slice(3), ['deployed', 'failed']);
        assert.equal(await kubectl(['get', 'pod', 'web-before', '-o', 'jsonpath={.status.phase}']), 'Failed');
      });

      it('rolls back to an old revision', async () => {
        await helm('rollback', 'web', '1', '--wait');
        assert.equal((await history('web')).at(-1), 'deployed');
        assert.equal(await kubectl(['get', 'cm', 'web', '-o', 'jsonpath={.data.index\\.html}']), 'hello');
      });

      it('an installation that fails leaves nothing', async () => {
        await refused(
          /has been uninstalled/,
          'install',
          'bad',
          chart('web-app'),
          ...ABSENT_IMAGE,
          atomic,
          '--timeout',
          '5s',
        );
        const releases = JSON.parse(await helm('list', '-o', 'json')) as { name: string }[];
        assert.deepEqual(
          releases.map(({ name }) => name),
          ['web'],
        );
      });

      it('uninstalls and waits', async () => {
        assert.match(await helm('uninstall', 'web', '--wait'), /release "web" uninstalled/);
        assert.deepEqual(await names('deploy,rs,svc,ing,hpa,pdb,secrets'), ['']);
        await eventually('only the hooks that stay', async () =>
          (await names('pods')).every((name) => /after|before|answers/.test(name)),
        );
      });

      it('a chart with a CRD: objects at once, refusals by schema and rule, the CRD stays', async () => {
        await helm('install', 'w', chart('widgets'), '--wait');
        assert.deepEqual(await names('widgets'), [
          'widget.example.com/w-large',
          'widget.example.com/w-small',
        ]);
        await refused(
          /spec\.size: Invalid value: 1000: .*less than or equal to 100/,
          'upgrade',
          'w',
          chart('widgets'),
          '--set',
          'sizes.huge=1000',
        );
        await helm('upgrade', 'w', chart('widgets'), '--set', 'sizes.small=2', '--set', 'sizes.large=null');
        assert.equal(await kubectl(['get', 'widgets', '-o', 'jsonpath={.items[*].spec.size}']), '2');
        await helm('uninstall', 'w');
        assert.deepEqual(await names('widgets'), ['']);
      });

      it('template piped to kubectl apply --server-side', async () => {
        const manifests = await helm('template', 't', chart('widgets'), '--include-crds');
        assert.match(
          await kubectl(['apply', '--server-side', '-f', '-'], manifests),
          /widget\.example\.com\/t-small serverside-applied/,
        );
        await kubectl(['delete', 'widgets', '--all']);
        await kubectl(['delete', 'crd', 'widgets.example.com']);
      });

      it('an umbrella chart: subcharts, one of them on condition', async () => {
        await helm('install', 's', chart('shop'), '--wait', '--wait-for-jobs', '--timeout', '60s');
        assert.equal(await kubectl(['get', 'sts', 's-store', '-o', 'jsonpath={.status.readyReplicas}']), '2');
        assert.equal(await kubectl(['get', 'job', 's-fill', '-o', 'jsonpath={.status.succeeded}']), '1');
        assert.deepEqual(await names('pvc'), ['']);
        assert.deepEqual(await names('cronjob,netpol,role,rolebinding'), [
          'cronjob.batch/s-sweep',
          'networkpolicy.networking.k8s.io/s-store',
          'role.rbac.authorization.k8s.io/s-store',
          'rolebinding.rbac.authorization.k8s.io/s-store',
        ]);
        await helm('upgrade', 's', chart('shop'), '--set', 'cache.enabled=true', '--set', 'store.replicas=1');
        assert.equal(
          await kubectl(['get', 'pvc', 's-cache', '-o', 'jsonpath={.status.phase} {.metadata.labels.tier}']),
          'Pending demo',
        );
        await helm('rollback', 's', '1');
        assert.deepEqual(await names('pvc'), ['']);
      });

      it('uninstalls in the foreground, keeping the history, and installs again', async () => {
        await helm('uninstall', 's', '--keep-history', '--cascade', 'foreground', '--wait');
        assert.match(await helm('status', 's'), /STATUS: uninstalled/);
        await helm('install', 's', chart('shop'), '--replace');
        await helm('uninstall', 's');
        assert.deepEqual(await names('sts,job,cronjob,netpol,role,rolebinding,pvc'), ['']);
      });
    });
  }
});
