// What the status of a ValidatingAdmissionPolicy says of its expressions.
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { parse } from 'yaml';
import { RANGES } from '../../../../test/support/admission.ts';
import { createTestRegistry, testContext } from '../../../../test/support/test-registry.ts';
import type { ValidatingAdmissionPolicy } from '../../../k8s/generated/types.ts';
import { customResourceDefinitions, validatingAdmissionPolicies } from '../../../k8s/resources.ts';
import type { Draft, Kind } from '../../kind.ts';
import { createKinds } from '../../kinds/kinds.ts';
import type { Registry } from '../../registry.ts';

let registry: Registry;
const kindOf = (resource: Parameters<Registry['kinds']['find']>[0]): Kind => registry.kinds.find(resource)!;

beforeEach(async () => {
  ({ registry } = await createTestRegistry({ kinds: createKinds(RANGES) }));
});

const put = async (validations: string, rule: string): Promise<void> => {
  const yaml = `
    metadata: { name: p }
    spec:
      matchConstraints: { resourceRules: [{ operations: ['*'], ${rule} }] }
      validations: ${validations}`;
  await registry.create(kindOf(validatingAdmissionPolicies), undefined, parse(yaml) as Draft, testContext());
};
const status = () =>
  (registry.get(kindOf(validatingAdmissionPolicies), { name: 'p' }) as ValidatingAdmissionPolicy).status;
const warnings = () => status()?.typeChecking?.expressionWarnings;

const DEPLOYMENTS = 'apiGroups: [apps], apiVersions: [v1], resources: [deployments]';

describe('the status of a policy', () => {
  it('tells of fields that the kind does not have', async () => {
    await put(
      `[{ expression: "object.replicas > 1", messageExpression: "'is ' + object.nothing" }]`,
      DEPLOYMENTS,
    );
    assert.deepEqual(warnings(), [
      {
        fieldRef: 'spec.validations[0].expression',
        warning:
          "apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'replicas'\n | object.replicas > 1\n | ......^",
      },
      {
        fieldRef: 'spec.validations[0].messageExpression',
        warning:
          "apps/v1, Kind=Deployment: ERROR: <input>:1:15: undefined field 'nothing'\n | 'is ' + object.nothing\n | ..............^",
      },
    ]);
    assert.equal(status()?.observedGeneration, 1);
  });

  it('tells of types, for each kind that is named', async () => {
    const rule = 'apiGroups: [apps], apiVersions: [v1], resources: [deployments, statefulsets]';
    await put(
      `[{ expression: "object.spec.replicas > '1'" }, { expression: "object.spec.serviceName != ''" }]`,
      rule,
    );
    const lines = warnings()!.map(({ warning }) => warning.match(/^\S+, Kind=\w+/gm));
    assert.deepEqual(lines, [
      ['apps/v1, Kind=Deployment', 'apps/v1, Kind=StatefulSet'],
      ['apps/v1, Kind=Deployment'],
    ]);
  });

  it('has nothing to tell of what fits, nor of what could be anything', async () => {
    const fits = [
      "object.metadata.labels['a'] == 'b' && object.metadata.creationTimestamp < timestamp('2100-01-01T00:00:00Z')",
      "object.spec.template.spec.containers.all(c, c.image.startsWith('x') && c.ports.all(p, p.containerPort > 1))",
      'object.spec.strategy.rollingUpdate.maxSurge == 1 && oldObject == null',
    ];
    await put(`[${fits.map((each) => `{ expression: ${JSON.stringify(each)} }`).join()}]`, DEPLOYMENTS);
    assert.deepEqual(status(), { observedGeneration: 1, typeChecking: {} });
    await registry.delete(kindOf(validatingAdmissionPolicies), { name: 'p' }, {}, testContext());
    await put('[{ expression: "object.nothing == 1" }]', DEPLOYMENTS.replace('deployments', "'*'"));
    assert.deepEqual(warnings(), undefined);
  });

  it('follows the policy, and knows custom resources', async () => {
    const crd = `
      metadata: { name: things.example.com }
      spec:
        group: example.com
        scope: Namespaced
        names: { plural: things, kind: Thing }
        versions:
          - name: v1
            served: true
            storage: true
            schema: { openAPIV3Schema: { type: object, properties: { spec: { type: object, properties: { size: { type: integer } } } } } }`;
    await registry.create(kindOf(customResourceDefinitions), undefined, parse(crd) as Draft, testContext());
    const things = 'apiGroups: [example.com], apiVersions: [v1], resources: [things]';
    await put(`[{ expression: "object.spec.size == 'x' && has(object.metadata.labels)" }]`, things);
    assert.match(
      warnings()![0]!.warning,
      /^example\.com\/v1, Kind=Thing: ERROR: <input>:1:18: found no matching overload for '_==_'/,
    );
    const body = { spec: { validations: [{ expression: 'object.spec.size == 1' }] } };
    const patch = { type: 'application/merge-patch+json', body } as const;
    await registry.patch(kindOf(validatingAdmissionPolicies), { name: 'p' }, patch, testContext());
    assert.deepEqual(status(), { observedGeneration: 2, typeChecking: {} });
  });
});
