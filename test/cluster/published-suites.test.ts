// Other projects' own tests of their CustomResourceDefinitions, as they publish them, against the API server alone.
// Their versions are those of conformance/go.mod.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { namespaces } from '../../src/k8s/resources.ts';
import { manifestsIn } from '../support/go-modules.ts';
import { GO_BUILD_MS_MAX, buildGoTests, requiredFolder, whyNoGo } from '../support/go-tests.ts';
import { type TestApiServer, startTestApiServer } from '../support/test-api-server.ts';
import { KUBECTL_VERSIONS, run } from '../support/test-cluster.ts';

/** It expects the value's type in the message, which Kubernetes leaves out from 1.35 on (kubernetes/kubernetes#133832). */
const OLDER_WORDS = '^TestHTTPRouteTimeouts$/^invalid_timeout_request_200ms_less_than_backendRequest_1s$';

const SUITES = [
  {
    module: 'sigs.k8s.io/gateway-api',
    tests: 'pkg/test/cel',
    flags: () => [`-test.skip=${OLDER_WORDS}`],
    least: 100,
  },
  {
    module: 'sigs.k8s.io/network-policy-api',
    tests: 'pkg/crdtest',
    flags: (kubeconfig: string) => [`-kubeConfig=${kubeconfig}`],
    least: 10,
  },
];

const missing = whyNoGo();

for (const { module, tests, flags, least } of SUITES)
  for (const channel of ['standard', 'experimental'])
    describe(`${module}/${tests}, ${channel}`, { skip: missing }, () => {
      const folder = mkdtempSync(join(tmpdir(), 'podnet-suites-'));
      let api: TestApiServer;
      before(async () => {
        api = await startTestApiServer();
        await api.put(namespaces, { metadata: { name: 'default' } });
      });
      after(async () => {
        await api?.close();
        rmSync(folder, { recursive: true });
      });

      it('passes', { timeout: GO_BUILD_MS_MAX }, async () => {
        const program = join(folder, 'suite');
        const tags = channel === 'standard' ? [] : [channel];
        const built = await buildGoTests(program, `${module}/${tests}`, tags);
        assert.equal(built.code, 0, built.stderr);
        const files = manifestsIn(join(await requiredFolder(module), 'config/crd', channel));
        const apply = ['apply', '--server-side', ...files.flatMap((file) => ['-f', file])];
        const applied = await api.kubectl(KUBECTL_VERSIONS.at(-1)!, apply);
        assert.equal(applied.code, 0, applied.stderr);
        const { code, stdout, stderr } = await run(program, [...flags(api.kubeconfig), '-test.v'], {
          env: { KUBECONFIG: api.kubeconfig },
          timeoutMs: 300_000,
        });
        assert.equal(code, 0, stdout + stderr);
        const passed = stdout.match(/^ *--- PASS/gm)?.length ?? 0;
        assert.ok(passed >= least, `${passed} passed`);
      });
    });
