// The Gateway API's own definitions and examples: they install, and refuse what they must with kube-apiserver's message.
// https://github.com/kubernetes-sigs/gateway-api, hack/invalid-examples
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { namespaces } from '../../src/k8s/resources.ts';
import { goModule, manifestsIn, skipOf } from '../support/go-modules.ts';
import { type TestApiServer, startTestApiServer } from '../support/test-api-server.ts';
import { KUBECTL_VERSIONS, type Outcome } from '../support/test-cluster.ts';

const gateway = goModule('sigs.k8s.io/gateway-api@v1.6.3');

const NAME = String.raw`'^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$'`;
const PATH = `must only contain valid characters (matching ^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$) for types ['Exact', 'PathPrefix']`;

/** What kube-apiserver says of each invalid example of the standard channel, or a part of it. */
const REFUSALS: Readonly<Record<string, string>> = {
  'duplicate-listeners': 'spec.listeners[1]: Duplicate value: {"name":"same"}',
  'hostname-tcp':
    "spec.listeners: Invalid value: hostname must not be specified for protocols ['TCP', 'UDP']",
  'hostname-udp':
    "spec.listeners: Invalid value: hostname must not be specified for protocols ['TCP', 'UDP']",
  'invalid-addresses':
    '<nil>: Invalid value: "": "spec.addresses[0]" must validate one and only one schema (oneOf). Found none valid',
  'invalid-listener-name': `spec.listeners[0].name: Invalid value: "bad>": spec.listeners[0].name in body should match ${NAME}`,
  'invalid-listener-port':
    'spec.listeners[0].port: Invalid value: 123456789: spec.listeners[0].port in body should be less than or equal to 65535',
  'invalid-tls-mode': 'spec.listeners: Invalid value: tls mode must be Terminate for protocol HTTPS',
  'tlsconfig-tcp':
    "spec.listeners: Invalid value: tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']",
  'invalid-controller':
    'spec.controllerName: Invalid value: "example": spec.controllerName in body should match',
  'duplicate-header-match': 'spec.rules[0].matches[0].headers[1]: Duplicate value: {"name":"foo"}',
  'duplicate-query-match': 'spec.rules[0].matches[0].queryParams[1]: Duplicate value: {"name":"foo"}',
  'httproute-portless-backend':
    'spec.rules[0].backendRefs[0]: Invalid value: Must have port for Service reference',
  'httproute-portless-service':
    'spec.rules[0].backendRefs[0]: Invalid value: Must have port for Service reference',
  'invalid-backend-group': 'spec.rules[0].backendRefs[0].group: Invalid value: "*"',
  'invalid-backend-kind': 'spec.rules[0].backendRefs[0].kind: Invalid value: "*"',
  'invalid-backend-port': 'spec.rules[0].backendRefs[0].port: Invalid value: 800080',
  'invalid-filter-duplicate-header':
    'spec.rules[0].filters[0].requestHeaderModifier.remove[1]: Duplicate value: "foo"',
  'invalid-filter-duplicate':
    'spec.rules[0].filters: Invalid value: RequestHeaderModifier filter cannot be repeated',
  'invalid-filter-empty':
    'spec.rules[0].filters[0]: Invalid value: filter.requestHeaderModifier must be specified for RequestHeaderModifier filter.type',
  'invalid-filter-wrong-field':
    'spec.rules[0].filters[0]: Invalid value: filter.requestRedirect must be nil if the filter.type is not RequestRedirect',
  'invalid-header-name': 'spec.rules[0].matches[0].headers[0].name: Invalid value: "magic/"',
  'invalid-hostname': 'spec.hostnames[0]: Invalid value: "http://a<": spec.hostnames[0] in body should match',
  'invalid-httpredirect-hostname':
    'spec.rules[0]: Invalid value: RequestRedirect filter must not be used together with backendRefs',
  'invalid-method':
    'spec.rules[0].matches[0].method: Unsupported value: "NOTREAL": supported values: "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"',
  'invalid-path-alphanum-specialchars-mix': `spec.rules[0].matches[0].path: Invalid value: ${PATH}`,
  'invalid-path-specialchars': `spec.rules[0].matches[0].path: Invalid value: ${PATH}`,
  'invalid-request-redirect-with-backendref':
    'spec.rules[0]: Invalid value: RequestRedirect filter must not be used together with backendRefs',
  'missing-from': 'spec.from: Required value',
  'missing-ns': 'spec.from[0].namespace: Required value',
  'missing-to': 'spec.to: Required value',
  'no-hostname':
    '<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
};

const isDefinition = (file: string): boolean =>
  /^kind: CustomResourceDefinition$/m.test(readFileSync(file, 'utf8'));

const apply = (api: TestApiServer, files: readonly string[], ...flags: readonly string[]): Promise<Outcome> =>
  api.kubectl(KUBECTL_VERSIONS.at(-1)!, ['apply', ...flags, ...files.flatMap((file) => ['-f', file])]);

describe('the Gateway API', { skip: skipOf(gateway) }, () => {
  for (const channel of ['standard', 'experimental']) {
    describe(channel, () => {
      const folder = gateway.folder ?? '';
      const channels = channel === 'standard' ? ['standard'] : ['standard', 'experimental'];
      const invalid = channels.flatMap((each) => manifestsIn(`${folder}/hack/invalid-examples/${each}`));
      let api: TestApiServer;
      before(async () => {
        api = await startTestApiServer();
        await api.put(namespaces, { metadata: { name: 'default' } });
        const files = manifestsIn(`${folder}/config/crd/${channel}`).filter(isDefinition);
        const { code, stderr } = await apply(api, files, '--server-side');
        assert.equal(code, 0, stderr);
      });
      after(() => api?.close());

      it('its examples are accepted', async () => {
        const files = manifestsIn(`${folder}/examples/${channel}`);
        const named = files.flatMap((file) => [
          ...readFileSync(file, 'utf8').matchAll(/namespace: ([a-z0-9-]+)/g),
        ]);
        for (const name of new Set(named.map(([, each]) => each!)))
          if (name !== 'default') await api.put(namespaces, { metadata: { name } });
        assert.ok(files.length > 0);
        for (const file of files) {
          const { code, stderr } = await apply(api, [file], '--dry-run=server');
          assert.equal(code, 0, `${file}: ${stderr}`);
        }
      });

      for (const file of invalid) {
        const name = basename(file, '.yaml');
        it(`refuses ${name}`, async () => {
          const { code, stderr } = await apply(api, [file]);
          assert.equal(code, 1);
          assert.match(stderr, / is invalid: /);
          if (REFUSALS[name]) assert.ok(stderr.includes(REFUSALS[name]), stderr);
        });
      }
    });
  }
});
