import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { statusOf } from '../../../test/support/registry-verbs.ts';
import { type WholeRegistry, createWholeRegistry } from '../../../test/support/whole-registry.ts';
import type { APIService } from '../../k8s/generated/types.ts';

let api: WholeRegistry;
beforeEach(async () => {
  api = await createWholeRegistry();
});

const names = (): readonly string[] =>
  api.registry.list(api.kind('APIService'), {}).items.map(({ metadata }) => metadata.name);
const row = (name: string): string =>
  api.kind('APIService').row(api.get('APIService', name), 0).slice(0, 3).join(' ');

const DEFINITION = `
spec:
  group: example.com
  names: { plural: widgets, singular: widget, kind: Widget, listKind: WidgetList }
  scope: Namespaced
  versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }]
`;

describe('APIServices', () => {
  it('are there for every group version that is served, all available', () => {
    for (const name of ['v1.', 'v1.apps', 'v2.autoscaling', 'v1.events.k8s.io', 'v1.authorization.k8s.io'])
      assert.equal(row(name), `${name} Local True`);
    const served = new Set(
      api.registry.kinds.all.map(({ resource: { group, version } }) => `${version}.${group}`),
    );
    assert.deepEqual(
      [...served].filter((each) => !names().includes(each)),
      ['v1.apiregistration.k8s.io'],
    );
  });

  it('come and go with CustomResourceDefinitions', async () => {
    await api.create('CustomResourceDefinition', 'widgets.example.com', DEFINITION);
    const { spec } = api.get<APIService>('APIService', 'v1.example.com');
    assert.deepEqual(spec, {
      group: 'example.com',
      version: 'v1',
      groupPriorityMinimum: 1000,
      versionPriority: 100,
    });
    await api.remove('CustomResourceDefinition', 'widgets.example.com');
    assert.equal(names().includes('v1.example.com'), false);
  });

  it('of other servers are stored, and say that they are not available', async () => {
    const yaml = (group: string): string =>
      `spec: { group: ${group}, version: v1beta1, groupPriorityMinimum: 100, versionPriority: 100, service: { name: m, namespace: kube-system } }`;
    await api.create('APIService', 'v1beta1.metrics.k8s.io', yaml('metrics.k8s.io'));
    assert.equal(row('v1beta1.metrics.k8s.io'), 'v1beta1.metrics.k8s.io kube-system/m False (NotAggregated)');
    const { message } = await statusOf(api.create('APIService', 'wrong', yaml('a.b')));
    assert.match(message ?? '', /metadata.name: Invalid value: "wrong": must be/);
  });
});
