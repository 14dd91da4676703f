// ValidatingAdmissionPolicies through the API's verbs: policies, bindings and writes in, refusals out.
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { parse } from 'yaml';
import { DEPLOYMENT, ref, statusOf, verbsOf } from '../../../../test/support/registry-verbs.ts';
import {
  configMapKind,
  createTestRegistry,
  deploymentKind,
  namespaceKind,
  podKind,
  testContext,
  testKinds,
} from '../../../../test/support/test-registry.ts';
import type { Draft, Kind } from '../../kind.ts';
import { validatingAdmissionPolicyKind as policyKind } from '../../kinds/admission/validating-admission-policy.ts';
import { validatingAdmissionPolicyBindingKind as bindingKind } from '../../kinds/admission/validating-admission-policy-binding.ts';
import type { Registry, RequestContext } from '../../registry.ts';

let registry: Registry;
const { create, update, remove } = verbsOf(() => registry);

beforeEach(async () => {
  ({ registry } = await createTestRegistry({ kinds: [...testKinds, policyKind, bindingKind] }));
});

const put = (kind: Kind, yaml: string, name: string) =>
  registry.create(kind, undefined, { metadata: { name }, ...(parse(yaml) as Draft) }, testContext());

const MATCH = {
  configMaps:
    'resourceRules: [{ apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [configmaps] }]',
  all: 'resourceRules: [{ apiGroups: ["*"], apiVersions: ["*"], operations: ["*"], resources: ["*/*"] }]',
};

/** A policy named `p` with a binding `b`. */
const policy = async (
  spec: string,
  { match = MATCH.configMaps, binding = '' }: { readonly match?: string; readonly binding?: string } = {},
): Promise<void> => {
  await put(policyKind, `spec: { matchConstraints: { ${match} }, ${spec} }`, 'p');
  await put(bindingKind, `spec: { policyName: p, validationActions: [Deny], ${binding} }`, 'b');
};

const message = async (attempt: Promise<unknown>): Promise<string> => (await statusOf(attempt)).message!;
const denied = (why: string): string =>
  `ValidatingAdmissionPolicy 'p' with binding 'b' denied request: ${why}`;

describe('a policy', () => {
  it('denies in kube-apiserver words, with its reason and its code', async () => {
    await policy(`validations: [{ expression: "object.data.a == '1'", message: a must be 1 }]`);
    await create(configMapKind, 'good', { data: { a: '1' } });
    const text = denied('a must be 1');
    assert.deepEqual(await statusOf(create(configMapKind, 'bad', { data: { a: '2' } })), {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: `configmaps "bad" is forbidden: ${text}`,
      reason: 'Invalid',
      details: { name: 'bad', kind: 'configmaps', causes: [{ message: text }] },
      code: 422,
    });
  });

  it('says what its messageExpression says, else its message, else its expression', async () => {
    const failing = (more: string): string => `{ expression: "object.data.a == '1'"${more} }`;
    await policy(
      `validations: [${failing(`, messageExpression: "'a is ' + object.data.a", message: m, reason: Forbidden`)}]`,
    );
    const status = await statusOf(create(configMapKind, 'a', { data: { a: '2' } }));
    assert.equal(status.message, `configmaps "a" is forbidden: ${denied('a is 2')}`);
    assert.deepEqual([status.reason, status.code], ['Forbidden', 403]);
    await remove(policyKind, 'p');
    await put(
      policyKind,
      `spec: { matchConstraints: { ${MATCH.configMaps} }, validations: [${failing('')}] }`,
      'p',
    );
    assert.match(
      await message(create(configMapKind, 'a', { data: { a: '2' } })),
      /failed expression: object\.data\.a == '1'$/,
    );
  });

  it('does nothing without a binding, nor where its binding does not reach', async () => {
    await policy('validations: [{ expression: "false" }]', {
      binding: 'matchResources: { namespaceSelector: { matchLabels: { env: prod } } }',
    });
    await create(configMapKind, 'a');
    await registry.create(
      namespaceKind,
      undefined,
      { metadata: { name: 'prod', labels: { env: 'prod' } } },
      testContext(),
    );
    await assert.rejects(
      registry.create(configMapKind, 'prod', { metadata: { name: 'a' } }, testContext()),
      /failed expression: false/,
    );
    await remove(bindingKind, 'b');
    await registry.create(configMapKind, 'prod', { metadata: { name: 'a' } }, testContext());
  });

  it('knows objects, the request, the namespace and what the user may do', async () => {
    const holds = [
      "request.operation == 'CREATE' ? oldObject == null : has(oldObject.data)",
      "request.name == 'a' && request.namespace == 'default' && request.resource.resource == 'configmaps' && request.kind.kind == 'ConfigMap'",
      "request.userInfo.username == 'tester' && request.dryRun == false && !has(request.subResource)",
      "namespaceObject.metadata.name == 'default' && namespaceObject.status.phase == 'Active' && namespaceObject.metadata.creationTimestamp < timestamp('2100-01-01T00:00:00Z')",
      "!authorizer.group('').resource('secrets').namespace('default').check('get').allowed()",
      "!authorizer.requestResource.check('delete').allowed()",
      "authorizer.serviceAccount('default', 'x').path('/healthz').check('get').reason() != 'x'",
    ];
    await policy(
      `validations: [${holds.map((each) => `{ expression: ${JSON.stringify(each)} }`).join(', ')}]`,
    );
    const made = await create(configMapKind, 'a', { data: { a: '1' } });
    await update(configMapKind, { ...made, data: { a: '2' } });
  });

  it('evaluates variables when they are read, each of them once, and by each other', async () => {
    await policy(
      `
      variables: [{ name: a, expression: "object.data.a" }, { name: b, expression: "variables.a + 'b'" }, { name: broken, expression: "object.data.none" }]
      validations: [{ expression: "variables.b == '1b'" }, { expression: "object.data.a == '1' || variables.broken == ''" }]`.replace(
        /\n\s+validations/,
        ',\n validations',
      ),
    );
    await create(configMapKind, 'a', { data: { a: '1' } });
    assert.match(
      await message(create(configMapKind, 'b', { data: { a: '2' } })),
      /failed expression: variables\.b == '1b'$/,
    );
  });

  it('asks its match conditions first', async () => {
    await policy(
      `matchConditions: [{ name: not-system, expression: "!request.name.startsWith('system-')" }], validations: [{ expression: "false" }]`,
    );
    await create(configMapKind, 'system-a');
    await assert.rejects(create(configMapKind, 'a'), /failed expression: false/);
  });

  it('denies where an expression errs, unless its failurePolicy is Ignore', async () => {
    await policy(`validations: [{ expression: "object.data.none == ''" }]`);
    assert.equal(
      await message(create(configMapKind, 'a', { data: { a: '1' } })),
      `configmaps "a" is forbidden: ${denied("expression 'object.data.none == ''' resulted in error: no such key: none")}`,
    );
    await remove(policyKind, 'p');
    await put(
      policyKind,
      `spec: { failurePolicy: Ignore, matchConstraints: { ${MATCH.configMaps} }, validations: [{ expression: "object.data.none == ''" }, { expression: "object.data.a == '1'" }] }`,
      'p',
    );
    await create(configMapKind, 'b', { data: { a: '1' } });
    await assert.rejects(
      create(configMapKind, 'c', { data: { a: '2' } }),
      /failed expression: object\.data\.a == '1'/,
    );
  });

  it('warns or audits where its binding says so, and lets pass', async () => {
    await policy(
      `validations: [{ expression: "false", message: no }], auditAnnotations: [{ key: who, valueExpression: "'by ' + request.userInfo.username" }, { key: none, valueExpression: "null" }]`,
      { binding: 'paramRef: null' },
    );
    const binding = registry.get(bindingKind, { name: 'b' });
    await update(bindingKind, {
      ...binding,
      spec: { policyName: 'p', validationActions: ['Warn', 'Audit'] },
    });
    const [warnings, annotations]: [string[], string[][]] = [[], []];
    const context: Partial<RequestContext> = {
      warn: (text) => warnings.push(text),
      annotate: (...entry) => annotations.push(entry),
    };
    await create(configMapKind, 'a', {}, context);
    assert.deepEqual(warnings, ["Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': no"]);
    assert.deepEqual(annotations, [
      [
        'validation.policy.admission.k8s.io/validation_failure',
        '[{"message":"no","policy":"p","binding":"b","expressionIndex":0,"validationActions":["Warn","Audit"]}]',
      ],
      ['p/who', 'by tester'],
    ]);
  });

  it('is asked about every write: dry runs, status, scale, binding, eviction and deletion', async () => {
    await create(deploymentKind, 'web', DEPLOYMENT);
    await create(podKind, 'p', { spec: { containers: [] } });
    await policy(
      `validations: [{ expression: "request.userInfo.username != 'tester'", messageExpression: "request.operation + ' ' + request.requestResource.resource + '/' + (has(request.subResource) ? request.subResource : '') + ' ' + request.requestKind.kind" }]`,
      { match: MATCH.all },
    );
    const web = registry.get(deploymentKind, ref('web')) as Draft;
    const patch = (subresource?: 'status' | 'scale') =>
      registry.patch(
        deploymentKind,
        ref('web'),
        { type: 'application/merge-patch+json', body: { spec: { replicas: 3 } } },
        testContext(),
        subresource,
      );
    const sub = (name: string, body: Draft) =>
      registry.createSubresource(podKind, ref('p'), name, body, testContext());
    const attempts: readonly (readonly [Promise<unknown>, string])[] = [
      [create(configMapKind, 'a', {}, { dryRun: true }), 'CREATE configmaps/ ConfigMap'],
      [update(deploymentKind, web), 'UPDATE deployments/ Deployment'],
      [update(deploymentKind, web, 'status'), 'UPDATE deployments/status Deployment'],
      [patch(), 'UPDATE deployments/ Deployment'],
      [patch('scale'), 'UPDATE deployments/scale Scale'],
      [sub('binding', { target: { kind: 'Node', name: 'n' } }), 'CREATE pods/binding Binding'],
      [sub('eviction', { metadata: { name: 'p' } }), 'CREATE pods/eviction Eviction'],
      [remove(podKind, 'p'), 'DELETE pods/ Pod'],
      [registry.deleteCollection(podKind, { namespace: 'default' }, {}, testContext()), 'DELETE pods/ Pod'],
      [
        registry.apply(
          configMapKind,
          ref('c'),
          { config: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' } }, isForced: false },
          testContext(),
        ),
        'CREATE configmaps/ ConfigMap',
      ],
    ];
    for (const [attempt, text] of attempts)
      assert.equal((await message(attempt)).split('denied request: ')[1], text);
    assert.ok(registry.get(podKind, ref('p')));
  });

  it('cannot lock itself in: policies and bindings are not asked about', async () => {
    await policy('validations: [{ expression: "false" }]', { match: MATCH.all });
    await remove(bindingKind, 'b');
    await create(configMapKind, 'a');
  });

  it('ends at its cost budget', async () => {
    const loops =
      'request.userInfo.groups.all(a, request.userInfo.groups.all(b, request.userInfo.groups.all(c, true)))';
    await policy(`validations: [{ expression: "${loops}" }]`);
    const user = { name: 'tester', groups: Array.from({ length: 300 }, (_, i) => `g${i}`) };
    assert.match(
      await message(create(configMapKind, 'a', {}, { user })),
      /operation cancelled: actual cost limit exceeded$/,
    );
  });
});

describe('parameters of a policy', () => {
  const PARAMS = `paramKind: { apiVersion: v1, kind: ConfigMap }, validations: [{ expression: "params == null || object.metadata.name.startsWith(params.data.prefix)", messageExpression: "'not ' + params.data.prefix" }]`;
  const DEPLOYMENTS =
    'resourceRules: [{ apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments] }]';

  it('come by name, from the namespace of the request or the one that is named', async () => {
    await policy(PARAMS, {
      match: DEPLOYMENTS,
      binding: 'paramRef: { name: limits, parameterNotFoundAction: Deny }',
    });
    assert.match(
      await message(create(deploymentKind, 'web', DEPLOYMENT)),
      /failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction$/,
    );
    await create(configMapKind, 'limits', { data: { prefix: 'web' } });
    await create(deploymentKind, 'web', DEPLOYMENT);
    assert.match(await message(create(deploymentKind, 'db', DEPLOYMENT)), /denied request: not web$/);
  });

  it('come by selector, and all of them have a say; none are let pass where that is allowed', async () => {
    await policy(PARAMS, {
      match: DEPLOYMENTS,
      binding: 'paramRef: { selector: { matchLabels: { for: names } }, parameterNotFoundAction: Allow }',
    });
    await create(deploymentKind, 'x', DEPLOYMENT);
    for (const prefix of ['w', 'we'])
      await create(configMapKind, prefix, { metadata: { labels: { for: 'names' } }, data: { prefix } });
    await create(deploymentKind, 'web', DEPLOYMENT);
    assert.match(await message(create(deploymentKind, 'wa', DEPLOYMENT)), /denied request: not we$/);
  });

  it('are missed if their kind is not known', async () => {
    await policy(
      'paramKind: { apiVersion: example.com/v1, kind: Limit }, validations: [{ expression: "true" }]',
      { binding: 'paramRef: { name: a, parameterNotFoundAction: Allow }' },
    );
    assert.match(
      await message(create(configMapKind, 'a')),
      /failed to configure binding: paramKind kind .* not known$/,
    );
  });
});

describe('what matches', () => {
  const rule = (more: string): string =>
    `resourceRules: [{ apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [configmaps], ${more} }]`;
  const no = 'validations: [{ expression: "false" }]';

  it('names, labels and exclusions narrow it', async () => {
    await policy(no, {
      match: `${rule('resourceNames: [a, b]')}, objectSelector: { matchLabels: { x: y } }, excludeResourceRules: [{ apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [configmaps], resourceNames: [b] }]`,
    });
    const labelled = { metadata: { labels: { x: 'y' } } };
    await create(configMapKind, 'a');
    await create(configMapKind, 'c', labelled);
    await create(configMapKind, 'b', labelled);
    await remove(configMapKind, 'a');
    await assert.rejects(create(configMapKind, 'a', labelled), /failed expression/);
  });

  it('a Namespace goes by its own labels', async () => {
    await policy(no, {
      match:
        'resourceRules: [{ apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [namespaces] }], namespaceSelector: { matchLabels: { x: y } }',
    });
    const make = (name: string, labels: Record<string, string>) =>
      registry.create(namespaceKind, undefined, { metadata: { name, labels } }, testContext());
    await make('a', {});
    await assert.rejects(make('b', { x: 'y' }), /failed expression/);
  });
});

describe('a policy that cannot work is refused', () => {
  const REFUSED: readonly (readonly [string, string])[] = [
    [
      'validations: [{ expression: "object." }]',
      'spec.validations[0].expression: Invalid value: "object.": compilation failed: ERROR: <input>:1:8: Syntax error',
    ],
    [
      'validations: [{ expression: "request.nope == 1" }]',
      'spec.validations[0].expression: Invalid value: "request.nope == 1": compilation failed: ERROR: <input>:1:8: undefined field \'nope\'',
    ],
    [
      'validations: [{ expression: "1" }]',
      'spec.validations[0].expression: Invalid value: "1": must evaluate to bool but got int',
    ],
    ['validations: [{ expression: "params.x" }]', "undeclared reference to 'params'"],
    [
      'validations: [{ expression: "true", messageExpression: "1" }]',
      'spec.validations[0].messageExpression: Invalid value: "1": must evaluate to string but got int',
    ],
    [
      'validations: [{ expression: "true", reason: Odd }]',
      'spec.validations[0].reason: Unsupported value: "Odd"',
    ],
    [
      'variables: [{ name: in, expression: "1" }], validations: [{ expression: "true" }]',
      'spec.variables[0].name: Invalid value: "in": name is not a valid CEL identifier',
    ],
    [
      'auditAnnotations: [{ key: a, valueExpression: "1" }]',
      'must evaluate to one of [string null_type] but got int',
    ],
    [
      'failurePolicy: Fail',
      'spec.validations: Required value: validations or auditAnnotations must contain at least one item',
    ],
    [
      'matchConditions: [{ name: "", expression: "true" }], validations: [{ expression: "true" }]',
      'spec.matchConditions[0].name: Required value',
    ],
  ];
  for (const [spec, finding] of REFUSED) {
    it(spec, async () => {
      const attempt = put(policyKind, `spec: { matchConstraints: { ${MATCH.configMaps} }, ${spec} }`, 'p');
      assert.ok(
        (await message(attempt)).includes(finding),
        await message(put(policyKind, `spec: { matchConstraints: { ${MATCH.configMaps} }, ${spec} }`, 'p')),
      );
    });
  }

  it('a binding as well', async () => {
    const refused = await message(
      put(
        bindingKind,
        'spec: { validationActions: [Deny, Warn], paramRef: { parameterNotFoundAction: Odd } }',
        'b',
      ),
    );
    assert.match(refused, /spec\.policyName: Required value/);
    assert.match(refused, /spec\.paramRef: Required value: one of name or selector must be specified/);
    assert.match(refused, /must not contain both Deny and Warn/);
  });
});
