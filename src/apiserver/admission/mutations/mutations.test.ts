// MutatingAdmissionPolicies through the API's verbs: policies, bindings and writes in, changed objects or refusals out.
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { statusOf } from '../../../../test/support/registry-verbs.ts';
import { testContext } from '../../../../test/support/test-registry.ts';
import { type WholeRegistry, createWholeRegistry } from '../../../../test/support/whole-registry.ts';
import type { ConfigMap, Deployment, HorizontalPodAutoscaler, Pod } from '../../../k8s/generated/types.ts';
import type { KubeObject, Stored } from '../../../k8s/objects.ts';

let api: WholeRegistry;
beforeEach(async () => {
  api = await createWholeRegistry();
});

const rules = (resource: string, group = '', version = 'v1'): string =>
  `matchConstraints: { resourceRules: [{ apiGroups: ["${group}"], apiVersions: [${version}], operations: [CREATE, UPDATE], resources: [${resource}] }] }`;
const quoted = (expression: string): string => JSON.stringify(expression);
const applies = (expression: string): string =>
  `mutations: [{ patchType: ApplyConfiguration, applyConfiguration: { expression: ${quoted(expression)} } }]`;
const patches = (expression: string): string =>
  `mutations: [{ patchType: JSONPatch, jsonPatch: { expression: ${quoted(expression)} } }]`;

/** A policy with a binding of the same name. */
const policy = async (
  name: string,
  spec: string,
  { match = rules('configmaps'), again = 'Never', binding = '' } = {},
): Promise<void> => {
  await api.create(
    'MutatingAdmissionPolicy',
    name,
    `spec: { ${match}, reinvocationPolicy: ${again}, ${spec} }`,
  );
  await api.create('MutatingAdmissionPolicyBinding', name, `spec: { policyName: ${name}, ${binding} }`);
};
const made = <T extends KubeObject = ConfigMap>(
  kind = 'ConfigMap',
  yaml = 'data: { a: "1" }',
): Promise<Stored<T>> => api.create<T>(kind, 'o', yaml);
const label = (name: string, value: string): string =>
  `Object{metadata: Object.metadata{labels: {"${name}": ${value}}}}`;

describe('a mutating policy', () => {
  it('lays a configuration over the object: maps and lists by key keep what it does not name', async () => {
    const sidecar = `Object{
      spec: Object.spec{
        initContainers: [Object.spec.initContainers{name: "mesh", image: "mesh:1", restartPolicy: "Always"}],
        containers: object.spec.containers.map(c, Object.spec.containers{name: c.name, env: [
          Object.spec.containers.env{name: "POD", value: object.metadata.name}]})
      }
    }`;
    await policy('p', applies(sidecar), { match: rules('pods') });
    const { spec } = await made<Pod>(
      'Pod',
      'spec: { initContainers: [{ name: own, image: i }], containers: [{ name: c, image: j, env: [{ name: A, value: b }] }] }',
    );
    assert.deepEqual(
      spec?.initContainers?.map(({ name }) => name),
      ['own', 'mesh'],
    );
    assert.equal(
      spec?.initContainers?.[1]?.terminationMessagePath,
      '/dev/termination-log',
      'it gets its defaults',
    );
    assert.deepEqual(spec?.containers[0]?.env, [
      { name: 'A', value: 'b' },
      { name: 'POD', value: 'o' },
    ]);
  });

  it('applies a JSON patch, none of it if a test fails', async () => {
    const add = 'JSONPatch{op: "add", path: "/metadata/labels", value: {"k8s.io/a": object.data.a}}';
    const replace =
      'JSONPatch{op: "replace", path: "/metadata/labels/" + jsonpatch.escapeKey("k8s.io/a"), value: "z"}';
    const test = 'JSONPatch{op: "test", path: "/data/a", value: "1"}';
    await policy('p', patches(`[${test}, ${add}, ${replace}]`));
    assert.deepEqual((await made()).metadata.labels, { 'k8s.io/a': 'z' });
    const other = await api.create<ConfigMap>('ConfigMap', 'other', 'data: { a: "2" }');
    assert.equal(other.metadata.labels, undefined);
  });

  it('reads variables, conditions, the namespace, the user and parameters', async () => {
    await api.create('ConfigMap', 'params', 'metadata: { labels: { use: "yes" } }\ndata: { value: given }');
    await policy(
      'p',
      `paramKind: { apiVersion: v1, kind: ConfigMap },
      matchConditions: [{ name: c, expression: 'object.metadata.name != "left"' }],
      variables: [{ name: v, expression: 'params.data.value + "-" + namespaceObject.metadata.name' }],
      ${applies(label('v', 'variables.v + "-" + request.userInfo.username'))}`,
      { binding: 'paramRef: { selector: { matchLabels: { use: "yes" } }, parameterNotFoundAction: Deny }' },
    );
    assert.deepEqual((await made()).metadata.labels, { v: 'given-ns-tester' });
    assert.equal((await api.create('ConfigMap', 'left')).metadata.labels, undefined);
    await api.patch('ConfigMap', 'o', { data: { a: '2' }, metadata: { labels: { v: 'mine' } } });
    assert.deepEqual(api.get('ConfigMap', 'o').metadata.labels, { v: 'given-ns-tester' });
  });

  it('changes nothing that nobody bound it to, and leaves identities and owners', async () => {
    const other = 'Object{metadata: Object.metadata{uid: "u", labels: {"a": "b"}}}';
    await api.create(
      'MutatingAdmissionPolicy',
      'p',
      `spec: { ${rules('configmaps')}, reinvocationPolicy: Never, ${applies(other)} }`,
    );
    assert.equal((await made()).metadata.labels, undefined);
    await api.create('MutatingAdmissionPolicyBinding', 'p', 'spec: { policyName: p }');
    const { name, uid } = api.get('ConfigMap', 'o').metadata;
    await api.patch('ConfigMap', 'o', { data: { a: '2' } });
    const { metadata } = api.get('ConfigMap', 'o');
    assert.deepEqual([metadata.name, metadata.uid, metadata.labels], [name, uid, { a: 'b' }]);
    assert.ok(!JSON.stringify(metadata.managedFields).includes('f:labels'), 'what a policy sets is nobody’s');
  });

  it('sees another version as the one that it knows', async () => {
    const metrics =
      'JSONPatch{op: "add", path: "/spec/metrics/-", value: Object.spec.metrics{type: "Resource", resource: Object.spec.metrics.resource{name: "memory", target: Object.spec.metrics.resource.target{type: "Utilization", averageUtilization: 50}}}}';
    await policy('p', patches(`[${metrics}]`), {
      match: rules('horizontalpodautoscalers', 'autoscaling', 'v2'),
    });
    const older = api.registry.kinds.find({
      group: 'autoscaling',
      version: 'v1',
      resource: 'horizontalpodautoscalers',
    })!;
    await api.registry.create(
      older,
      'ns',
      {
        metadata: { name: 'h' },
        spec: { maxReplicas: 2, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' } },
      },
      testContext(),
    );
    const { spec } = api.get<HorizontalPodAutoscaler>('HorizontalPodAutoscaler', 'h');
    assert.deepEqual(spec.metrics?.map(({ resource }) => resource?.name).sort(), ['cpu', 'memory']);
  });
});

describe('policies that follow each other', () => {
  const seen = label('seen', 'string("b" in object.metadata.?labels.orValue({}))');

  for (const [again, value] of [
    ['Never', 'false'],
    ['IfNeeded', 'true'],
  ] as const)
    it(`reinvocationPolicy ${again}`, async () => {
      await policy('a', applies(seen), { again });
      await policy('b', applies(label('b', '"c"')));
      assert.deepEqual((await made()).metadata.labels, { b: 'c', seen: value });
    });

  it('each sees what those before it did, and its own mutations in their order', async () => {
    const both = [label('x', '"1"'), label('y', 'object.metadata.labels.x + "2"')]
      .map(
        (expression) =>
          `{ patchType: ApplyConfiguration, applyConfiguration: { expression: ${quoted(expression)} } }`,
      )
      .join(', ');
    await policy('a', `mutations: [${both}]`);
    await policy('b', applies(label('z', 'object.metadata.labels.y + "3"')));
    assert.deepEqual((await made()).metadata.labels, { x: '1', y: '12', z: '123' });
  });
});

describe('a mutation that fails', () => {
  const failing: readonly (readonly [mutation: string, why: string])[] = [
    [
      applies('Object{metadata: Object.metadata{labels: {"a": object.data.none}}}'),
      'resulted in error: no such key: none',
    ],
    [
      applies('Object{spec: Object.other{}}'),
      'type mismatch: unexpected type name "Object.other", expected "Object.spec"',
    ],
    [
      applies('Object{nope: 1}'),
      'error applying patch: failed to convert patch object to typed object: .nope: field not declared in schema',
    ],
    [applies('Object{data: Object.data{a: 1}}'), '.data.a: expected string, got 1'],
    [
      patches('[JSONPatch{op: "remove", path: "/data/none"}]'),
      'JSON Patch: Value required at path: /data/none',
    ],
    [
      patches('[JSONPatch{op: "odd", path: "/data"}]'),
      'JSON Patch: error decoding patch: unexpected operation',
    ],
    [patches('[JSONPatch{op: "replace", path: "/data", value: 7}]'), 'json: cannot unmarshal number'],
  ];
  for (const [mutation, why] of failing)
    it(why, async () => {
      await policy('p', mutation);
      const { code, reason, message } = await statusOf(made());
      assert.deepEqual([code, reason], [403, 'Invalid']);
      assert.ok(message?.startsWith(`policy 'p' with binding 'p' denied request: `), message);
      assert.ok(message?.includes(why), message);
    });

  it('of what is replaced as a whole', async () => {
    await policy(
      'p',
      applies('Object{spec: Object.spec{selector: Object.spec.selector{matchLabels: {"a": "b"}}}}'),
      {
        match: rules('deployments', 'apps'),
      },
    );
    const spec =
      'spec: { selector: { matchLabels: { a: b } }, template: { metadata: { labels: { a: b } }, spec: { containers: [{ name: c, image: i }] } } }';
    const { message } = await statusOf(made<Deployment>('Deployment', spec));
    assert.match(message ?? '', /may not mutate atomic arrays, maps or structs: \.spec\.selector$/);
  });

  it('lets pass where the policy says so', async () => {
    await policy('p', `failurePolicy: Ignore, ${failing[0]![0]}`);
    assert.equal((await made()).metadata.labels, undefined);
  });

  it('of parameters that are not there', async () => {
    await policy('p', `paramKind: { apiVersion: v1, kind: ConfigMap }, ${applies('Object{}')}`, {
      binding: 'paramRef: { name: none, parameterNotFoundAction: Deny }',
    });
    assert.match((await statusOf(made())).message ?? '', /failed to configure binding: no params found/);
  });
});

describe('what is refused in a mutating policy', () => {
  const spec = (more: string): string =>
    `spec: { ${rules('configmaps')}, reinvocationPolicy: Never, ${more} }`;
  for (const [yaml, finding] of [
    ['spec: {}', 'spec.matchConstraints: Required value'],
    ['spec: {}', 'spec.mutations: Required value: mutations must contain at least one item'],
    ['spec: {}', 'spec.reinvocationPolicy: Required value'],
    [spec('mutations: [{ patchType: Odd }]'), 'spec.mutations[0].patchType: Unsupported value: "Odd"'],
    [
      spec('mutations: [{ patchType: JSONPatch }]'),
      'spec.mutations[0].jsonPatch: Required value: must be specified when patchType is JSONPatch',
    ],
    [
      spec(
        'mutations: [{ patchType: JSONPatch, jsonPatch: { expression: "[]" }, applyConfiguration: { expression: x } }]',
      ),
      'spec.mutations[0].applyConfiguration: Invalid value: "{applyConfiguration}": must not be specified when patchType is JSONPatch',
    ],
    [spec(applies('{"a": 1}')), 'must evaluate to Object but got map(string, int)'],
    [spec(applies('Object.spec{}')), 'must evaluate to Object but got Object.spec'],
    [spec(patches('[Object{}]')), 'must evaluate to list(JSONPatch) but got list(Object)'],
    [spec(applies('Object{a: none}')), "undeclared reference to 'none'"],
    [spec(applies(' ')), 'spec.mutations[0].applyConfiguration.expression: Required value'],
    [
      spec(applies('Object{}')).replace('CREATE, UPDATE', 'DELETE'),
      'spec.matchConstraints.resourceRules.operations: Unsupported value: "DELETE"',
    ],
  ] as const)
    it(finding, async () => {
      const { code, message } = await statusOf(api.create('MutatingAdmissionPolicy', 'p', yaml));
      assert.equal(code, 422);
      assert.ok(message?.includes(finding), message);
    });

  it('and in a binding', async () => {
    const { message } = await statusOf(
      api.create('MutatingAdmissionPolicyBinding', 'b', 'spec: { paramRef: {} }'),
    );
    assert.match(message ?? '', /spec.policyName: Required value/);
    assert.match(message ?? '', /spec.paramRef: Required value: one of name or selector must be specified/);
  });

  it('its columns', async () => {
    await policy('p', `paramKind: { apiVersion: v1, kind: ConfigMap }, ${applies('Object{}')}`, {
      binding: 'paramRef: { name: n, namespace: m, parameterNotFoundAction: Deny }',
    });
    const cells = ['MutatingAdmissionPolicy', 'MutatingAdmissionPolicyBinding'].map((kind) =>
      api.kind(kind).row(api.get(kind, 'p'), api.clock.now()).slice(0, 3),
    );
    assert.deepEqual(cells, [
      ['p', 1, 'v1/ConfigMap'],
      ['p', 'p', 'm/n'],
    ]);
  });
});
