// What limits and orders pods, and what they claim: defaults, admission, validation.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createAdmission } from '../../../test/support/admission.ts';
import { object, stored, refused, refusedOnCreate } from '../../../test/support/kind-manifests.ts';
import type { LimitRange, PersistentVolumeClaim, Pod } from '../../k8s/generated/types.ts';
import type { KubeObject } from '../../k8s/objects.ts';

describe('LimitRange', () => {
  it('derives the defaults of containers from each other', () => {
    const { spec } = stored<LimitRange>(
      'LimitRange',
      'spec: { limits: [{ type: Container, max: { cpu: "2" }, min: { memory: 64Mi }, default: { memory: 128Mi } }] }',
    );
    assert.deepEqual(spec?.limits[0]?.default, { cpu: '2', memory: '128Mi' });
    assert.deepEqual(spec?.limits[0]?.defaultRequest, { cpu: '2', memory: '128Mi' });
  });
  it('is refused when it contradicts itself', () => {
    refusedOnCreate(
      'LimitRange',
      'spec: { limits: [{ type: Pod, max: { cpu: 1 }, min: { cpu: 2 }, default: { cpu: 1 } }, { type: Pod }] }',
      "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'",
      'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
      'spec.limits[0].default[cpu]: Invalid value: "2": min value 2 is greater than default value 1',
      'spec.limits[1].type: Duplicate value: "Pod"',
    );
  });
});

describe('ResourceQuota', () => {
  it('is refused with resources and scopes that do not fit', () => {
    refusedOnCreate(
      'ResourceQuota',
      'spec: { hard: { toys: 1, pods: 1500m, cpu: 1 }, scopes: [BestEffort, NotBestEffort] }',
      'spec.hard[toys]: Invalid value: "toys": must be a standard resource type or fully qualified',
      'spec.hard[toys]: Invalid value: "toys": must be a standard resource for quota',
      'spec.hard[pods]: Invalid value: "1500m": must be an integer',
      'spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: unsupported scope applied to resource',
      'spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes',
    );
  });
});

describe('PodDisruptionBudget', () => {
  it('is refused with both limits, or more than all', () => {
    refusedOnCreate(
      'PodDisruptionBudget',
      'spec: { minAvailable: 101%, maxUnavailable: 1 }',
      'spec: Invalid value: {"minAvailable":"101%","maxUnavailable":1}: minAvailable and maxUnavailable cannot be both set',
      'spec.minAvailable: Invalid value: "101%": must not be greater than 100%',
    );
  });
});

describe('PriorityClass', () => {
  it('gives pods their priority', () => {
    const admission = createAdmission();
    admission.create({ kind: 'PriorityClass', metadata: { name: 'high' }, value: 1000 } as KubeObject);
    const pod = (spec: string): Pod =>
      object<Pod>('Pod', `spec: { ${spec} containers: [{ name: c, image: i }] }`);
    assert.equal(admission.create(pod('priorityClassName: high,')).spec?.priority, 1000);
    assert.equal(
      admission.create(pod('priorityClassName: system-node-critical,')).spec?.priority,
      2_000_001_000,
    );
    assert.throws(
      () => admission.create(pod('priorityClassName: low,')),
      /no PriorityClass with name low was found/,
    );
    assert.throws(
      () => admission.create(pod('priority: 5,')),
      /the integer value of priority \(5\) must not be provided/,
    );
  });
  it('may be the default only once, and may not be too high', () => {
    const admission = createAdmission();
    const create = (name: string, value: number, globalDefault: boolean): KubeObject =>
      admission.create({ kind: 'PriorityClass', metadata: { name }, value, globalDefault } as KubeObject);
    create('a', 1, true);
    assert.throws(() => create('b', 1, true), /PriorityClass a is already marked as default/);
    refused(
      () => create('c', 1_000_000_001, false),
      'value: Forbidden: maximum allowed value of a user defined priority is 1000000000',
    );
    refused(
      () => create('system-c', 1, false),
      "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-c is not a known system priority class",
    );
  });
});

describe('PersistentVolumeClaim', () => {
  const claim = (name: string, more = ''): PersistentVolumeClaim =>
    object(
      'PersistentVolumeClaim',
      `{ metadata: { name: ${name} }, spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } ${more} } }`,
    );
  it('is pending, and asks for the default class', () => {
    const admission = createAdmission();
    assert.equal(admission.create(claim('a')).status?.phase, 'Pending');
    admission.create({
      kind: 'StorageClass',
      metadata: {
        name: 'fast',
        creationTimestamp: '2026-01-01T00:00:00Z',
        annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
      },
      provisioner: 'example.com/p',
    } as KubeObject);
    assert.equal(admission.create(claim('b')).spec?.storageClassName, 'fast');
    assert.equal(admission.create(claim('c', ', storageClassName: ""')).spec?.storageClassName, '');
  });
  it('is refused without access modes and size, and does not change', () => {
    refusedOnCreate(
      'PersistentVolumeClaim',
      'spec: { accessModes: [Sometimes] }',
      'spec.accessModes: Unsupported value: "Sometimes": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
      'spec.resources[storage]: Required value',
    );
    const admission = createAdmission();
    const made = admission.create(claim('a'));
    assert.throws(
      () => admission.update({ ...made, spec: { ...made.spec, accessModes: ['ReadWriteMany'] } }),
      /spec is immutable after creation except resources.requests/,
    );
  });
});
