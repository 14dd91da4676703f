// CustomResourceDefinitions and their objects with kubectl, the real one: what needs no controller, no node and no root.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { namespaces } from '../../src/k8s/resources.ts';
import { type TestApiServer, startTestApiServer } from '../support/test-api-server.ts';
import { KUBECTL_VERSIONS, type Outcome } from '../support/test-cluster.ts';

const definition = (kind: string): string => `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: ${kind.toLowerCase()}s.example.com }
spec:
  group: example.com
  scope: Namespaced
  names: { plural: ${kind.toLowerCase()}s, kind: ${kind}, shortNames: [${kind.toLowerCase()}x], categories: [all] }
  versions:
    - name: v1
      served: true
      storage: true
      subresources:
        status: {}
        scale:
          specReplicasPath: .spec.replicas
          statusReplicasPath: .status.replicas
          labelSelectorPath: .status.selector
      selectableFields: [{ jsonPath: .spec.mode }]
      additionalPrinterColumns:
        - { name: Replicas, type: integer, jsonPath: .spec.replicas }
        - { name: Ready, type: string, jsonPath: '.status.conditions[?(@.type=="Ready")].status' }
        - { name: Mode, type: string, jsonPath: .spec.mode, priority: 1 }
        - { name: Since, type: date, jsonPath: .metadata.creationTimestamp }
      schema:
        openAPIV3Schema:
          type: object
          description: A thing.
          properties:
            spec:
              type: object
              required: [mode]
              properties:
                replicas: { type: integer, minimum: 0, maximum: 5, default: 1, description: How many of them. }
                mode: { type: string, enum: [fast, slow] }
                name: { type: string, pattern: '^(?i)[a-z]+$' }
                target: { x-kubernetes-int-or-string: true }
                rules:
                  type: array
                  x-kubernetes-list-type: map
                  x-kubernetes-list-map-keys: [name]
                  items:
                    type: object
                    required: [name]
                    properties: { name: { type: string }, weight: { type: integer } }
            status:
              type: object
              properties:
                replicas: { type: integer }
                selector: { type: string }
                conditions:
                  type: array
                  items: { type: object, properties: { type: { type: string }, status: { type: string } } }
    - name: v1beta1
      served: true
      storage: false
      deprecated: true
      schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } }
`;

describe('custom resources with kubectl', () => {
  let api: TestApiServer;
  before(async () => {
    api = await startTestApiServer();
  });
  after(() => api?.close());

  for (const version of KUBECTL_VERSIONS) {
    describe(version, () => {
      const namespace = `v${version.replace('.', '-')}`;
      const kind = version === KUBECTL_VERSIONS[0] ? 'Foo' : 'Bar';
      const [plural, name] = [`${kind.toLowerCase()}s`, `${kind.toLowerCase()}s.example.com`];
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
      const refusal = async (args: readonly string[], input?: string): Promise<string> => {
        const { code, stderr } = await raw(args, input);
        assert.equal(code, 1);
        return stderr;
      };
      const object = (metadataName: string, spec: object): string =>
        JSON.stringify({ apiVersion: 'example.com/v1', kind, metadata: { name: metadataName }, spec });

      before(() => api.put(namespaces, { metadata: { name: namespace } }));

      it('a definition is applied, waited for, and listed', async () => {
        await kubectl(['apply', '--server-side', '-f', '-'], definition(kind));
        await kubectl(['wait', '--for=condition=Established', `crd/${name}`, '--timeout=10s']);
        assert.match(await kubectl(['get', 'crd', name]), new RegExp(`^NAME +CREATED AT\n${name} `));
        const resources = await kubectl(['api-resources', '--api-group=example.com', '-o', 'wide']);
        assert.match(
          resources,
          new RegExp(`${plural} +${kind.toLowerCase()}x +example.com/v1 +true +${kind} .* all`),
        );
      });

      it('objects are created with defaults, and shown in the columns of the definition', async () => {
        assert.match(await kubectl(['apply', '-f', '-'], object('a', { mode: 'fast' })), /\/a created/);
        assert.match(await kubectl(['apply', '-f', '-'], object('a', { mode: 'fast' })), /\/a unchanged/);
        const status = { conditions: [{ type: 'Ready', status: 'True' }] };
        const patch = [
          'patch',
          plural,
          'a',
          '--subresource=status',
          '--type=merge',
          '-p',
          JSON.stringify({ status }),
        ];
        await kubectl(patch);
        assert.match(
          await kubectl(['get', `${kind.toLowerCase()}x`]),
          /^NAME +REPLICAS +READY +SINCE\na +1 +True +\d+s\n$/,
        );
        assert.match(
          await kubectl(['get', plural, '-o', 'wide']),
          /READY +MODE +SINCE\na +1 +True +fast +\d+s/,
        );
        assert.match(await kubectl(['get', 'all']), new RegExp(`${kind.toLowerCase()}.example.com/a`));
        assert.equal(await kubectl(['get', plural, '--field-selector=spec.mode=slow', '-o', 'name']), '');
      });

      it("what does not fit the schema is refused in kube-apiserver's words", async () => {
        assert.match(
          await refusal(['apply', '-f', '-'], object('b', { mode: 'fast', huh: 1 })),
          new RegExp(
            `${kind} in version "v1" cannot be handled as a ${kind}: strict decoding error: unknown field "spec\\.huh"`,
          ),
        );
        const rules = [{ name: 'x' }, { name: 'x' }];
        const wrong = object('b', { mode: 'odd', replicas: 9, name: '1', target: true, rules });
        assert.equal(
          await refusal(['create', '-f', '-'], wrong),
          [
            `The ${kind} "b" is invalid: `,
            '* spec.mode: Unsupported value: "odd": supported values: "fast", "slow"',
            `* spec.name: Invalid value: "1": spec.name in body should match '^(?i)[a-z]+$'`,
            '* spec.replicas: Invalid value: 9: spec.replicas in body should be less than or equal to 5',
            '* spec.target: Invalid value: "boolean": spec.target in body must be of type integer,string: "boolean"',
            '* spec.rules[1]: Duplicate value: {"name":"x"}',
            '',
          ].join('\n'),
        );
        assert.match(await refusal(['create', '-f', '-'], object('b', {})), /spec\.mode: Required value/);
      });

      it('scale, patch, edit, label: the generation counts changes of the spec alone', async () => {
        const generation = (): Promise<string> =>
          kubectl(['get', plural, 'a', '-o', 'jsonpath={.metadata.generation}']);
        assert.equal(await generation(), '1');
        await kubectl(['scale', `${plural}/a`, '--replicas=3']);
        assert.equal(await kubectl(['get', plural, 'a', '-o', 'jsonpath={.spec.replicas}']), '3');
        await kubectl(['label', plural, 'a', 'x=y']);
        await kubectl(['patch', plural, 'a', '--type=merge', '-p', '{"spec":{"name":"n"}}']);
        await kubectl(['patch', plural, 'a', '--type=json', '-p', '[{"op":"remove","path":"/spec/name"}]']);
        const editor = { KUBE_EDITOR: 'sed -i s/fast/slow/' };
        assert.match((await raw(['edit', plural, 'a'], undefined, editor)).stdout, /\/a edited/);
        assert.equal(await generation(), '5');
        assert.match(
          await refusal(['patch', plural, 'a', '-p', '{}']),
          /application\/strategic-merge-patch\+json/,
        );
      });

      it('apply --server-side merges lists by their keys', async () => {
        const apply = (manager: string, rule: string): Promise<string> =>
          kubectl(
            ['apply', '--server-side', `--field-manager=${manager}`, '-f', '-'],
            object('c', { mode: 'fast', rules: [{ name: rule, weight: 1 }] }),
          );
        await apply('one', 'a');
        await apply('two', 'b');
        const rules = await kubectl(['get', plural, 'c', '-o', 'jsonpath={.spec.rules[*].name}']);
        assert.equal(rules, 'a b');
        assert.match(
          await refusal(
            ['apply', '--server-side', '--field-manager=three', '-f', '-'],
            object('c', { mode: 'slow' }),
          ),
          /conflicts with "one" using example\.com\/v1|conflicts with "one"/,
        );
      });

      it('explain tells what the schema says, and deprecated versions warn', async () => {
        assert.match(
          await kubectl(['explain', `${plural}.spec`]),
          /replicas\t<integer>\n +How many of them\./,
        );
        const { stderr, stdout } = await raw(['get', `${plural}.v1beta1.example.com`, 'a', '-o', 'yaml']);
        assert.match(
          stderr,
          new RegExp(`example.com/v1beta1 ${kind} is deprecated; use example.com/v1 ${kind}`),
        );
        assert.match(stdout, /^apiVersion: example\.com\/v1beta1\n/);
      });

      it('a definition that is deleted takes its objects along', async () => {
        await kubectl(['delete', 'crd', name]);
        assert.match(
          await refusal(['get', plural]),
          /the server doesn't have a resource type|could not find/,
        );
        await kubectl(['apply', '--server-side', '-f', '-'], definition(kind));
        assert.equal(await kubectl(['get', plural, '-o', 'name']), '');
      });
    });
  }
});
