// The network policy API's own conformance suite, with all its features, on three nodes.
// https://github.com/kubernetes-sigs/network-policy-api, conformance/
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { AGNHOST, writeAgnhostImage } from '../support/agnhost-image.ts';
import { goModule, manifestsIn, skipOf } from '../support/go-modules.ts';
import { GO_BUILD_MS_MAX, buildGoProgram, buildGoTests, runGoTest, whyNoGo } from '../support/go-tests.ts';
import { type TestCluster, runPodnet, startTestCluster } from '../support/test-cluster.ts';

const policy = goModule('sigs.k8s.io/network-policy-api@v0.3.0');
const RUN_MS_MAX = 15 * 60_000;

describe('the conformance suite of the network policy API', { skip: skipOf(policy) || whyNoGo() }, () => {
  let cluster: TestCluster;
  let folder: string;
  before(
    async () => {
      folder = mkdtempSync(join(tmpdir(), 'podnet-policies-'));
      const built = [
        await buildGoTests(join(folder, 'suite'), './policy'),
        await buildGoProgram(join(folder, 'agnhost'), './agnhost'),
      ];
      for (const { code, stderr } of built) assert.equal(code, 0, stderr);
      mkdirSync(join(folder, 'image'));
      await writeAgnhostImage(join(folder, 'agnhost'), join(folder, 'image'));
      const { code, stderr } = await runPodnet(['image', 'load', join(folder, 'image')]);
      assert.equal(code, 0, stderr);
      cluster = await startTestCluster('policies', { nodes: 3 });
      for (const file of manifestsIn(`${policy.folder}/config/crd/experimental`))
        await cluster.kubectl(['apply', '--server-side', '-f', file]);
    },
    { timeout: GO_BUILD_MS_MAX },
  );
  after(async () => {
    await cluster?.down();
    await runPodnet(['image', 'rm', AGNHOST]);
    rmSync(folder, { recursive: true, force: true });
  });

  it('passes', { timeout: RUN_MS_MAX }, async () => {
    const suite = join(folder, 'suite');
    const { code, stdout, stderr } = await runGoTest(
      suite,
      'TestNetworkPolicyAPI',
      cluster.kubeconfig,
      RUN_MS_MAX,
    );
    assert.equal(code, 0, stdout + stderr);
  });
});
