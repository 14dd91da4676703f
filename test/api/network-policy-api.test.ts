// The network policy API's own definitions and test data: they install, take what is valid and refuse what is not.
// https://github.com/kubernetes-sigs/network-policy-api, pkg/crdtest
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { goModule, manifestsIn, skipOf } from '../support/go-modules.ts';
import { type TestApiServer, startTestApiServer } from '../support/test-api-server.ts';
import { KUBECTL_VERSIONS, type Outcome } from '../support/test-cluster.ts';

const policy = goModule('sigs.k8s.io/network-policy-api@v0.3.0');
const folder = policy.folder ?? '';

const RANGE =
  'spec.egress[0].protocols[0].tcp.destinationPort.range: Invalid value: Start port must be less than End port';

/** What kube-apiserver says of each. */
const REFUSALS: Readonly<Record<string, string>> = {
  'cidr-invalid.yaml':
    'spec.egress[0].to[0].networks[0]: Invalid value: "10.0.0.300/24": Invalid CIDR format provided',
  'egress-peer-namedport-conflict.experimental.yaml':
    'spec.egress[0]: Invalid value: networks/nodes/domainNames peer cannot be set with namedPorts since there are no namedPorts for networks/nodes/domainNames',
  'invalid-ingress-action.yaml':
    'spec.ingress[0].action: Unsupported value: "Invalid": supported values: "Accept", "Deny", "Pass"',
  'port-range-invalid-equal.yaml': RANGE,
  'port-range-invalid-greater.yaml': RANGE,
};

/** In the standard channel there are no such fields. */
const EXPERIMENTAL = '.experimental.yaml';

describe('the network policy API', { skip: skipOf(policy) }, () => {
  for (const channel of ['standard', 'experimental']) {
    describe(channel, () => {
      let api: TestApiServer;
      const kubectl = (args: readonly string[]): Promise<Outcome> =>
        api.kubectl(KUBECTL_VERSIONS.at(-1)!, args);
      const create = (file: string): Promise<Outcome> =>
        kubectl(['create', '--validate=ignore', '--dry-run=server', '-f', file]);
      const isKnown = (file: string): boolean => channel === 'experimental' || !file.endsWith(EXPERIMENTAL);
      before(async () => {
        api = await startTestApiServer();
        const files = manifestsIn(`${folder}/config/crd/${channel}`).filter((file) =>
          /^kind: CustomResourceDefinition$/m.test(readFileSync(file, 'utf8')),
        );
        const { code, stderr } = await kubectl([
          'apply',
          '--server-side',
          ...files.flatMap((file) => ['-f', file]),
        ]);
        assert.equal(code, 0, stderr);
      });
      after(() => api?.close());

      for (const file of manifestsIn(`${folder}/pkg/crdtest/testdata/valid`).filter(isKnown)) {
        it(`takes ${basename(file)}`, async () => {
          const { code, stderr } = await create(file);
          assert.equal(code, 0, stderr);
        });
      }

      for (const file of manifestsIn(`${folder}/pkg/crdtest/testdata/invalid`).filter(isKnown)) {
        it(`refuses ${basename(file)}`, async () => {
          const { code, stderr } = await create(file);
          assert.equal(code, 1);
          assert.ok(stderr.includes(REFUSALS[basename(file)] ?? '?'), stderr);
        });
      }
    });
  }
});
