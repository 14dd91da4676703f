// A registry over a few small kinds, for tests of the API machinery: no columns, hardly any defaults.
import { namespaces, pods, configMaps, deployments } from '../../src/k8s/resources.ts';
import type { Deployment, Pod } from '../../src/k8s/generated/types.ts';
import { invalid } from '../../src/k8s/field-errors.ts';
import { silentLog } from '../../src/lang/log.ts';
import { createRegistry } from '../../src/apiserver/create-registry.ts';
import type { RegistryOptions } from '../../src/apiserver/create-registry.ts';
import type { Kind } from '../../src/apiserver/kind.ts';
import type { Registry, RequestContext } from '../../src/apiserver/registry.ts';
import { createFakeClock } from './fake-clock.ts';
import type { FakeClock } from './fake-clock.ts';

const kind = (row: Partial<Kind> & Pick<Kind, 'resource' | 'definition'>): Kind => ({
  singular: row.resource.kind.toLowerCase(),
  shortNames: [],
  categories: [],
  nameRule: 'dns1123Subdomain',
  subresources: [],
  columns: [],
  row: () => [],
  fields: {},
  applyDefaults: () => {},
  validate: () => [],
  ...row,
});

export const namespaceKind = kind({
  resource: namespaces,
  definition: 'io.k8s.api.core.v1.Namespace',
  nameRule: 'dns1123Label',
  subresources: ['status', 'finalize'],
  hasGeneration: false,
  prepareForCreate: (draft) => {
    draft['spec'] = { finalizers: ['kubernetes'] };
    draft['status'] = { phase: 'Active' };
  },
  prepareForUpdate: (draft, before) => {
    draft['spec'] = (before as { spec?: unknown }).spec;
  },
});

export const configMapKind = kind({ resource: configMaps, definition: 'io.k8s.api.core.v1.ConfigMap' });

export const podKind = kind({
  resource: pods,
  definition: 'io.k8s.api.core.v1.Pod',
  subresources: ['status', 'binding', 'eviction'],
  fields: { 'spec.nodeName': (object) => (object as Pod).spec?.nodeName ?? '' },
  gracefulDelete: (object, requested) => {
    const { spec } = object as Pod;
    return spec?.nodeName ? (requested ?? spec.terminationGracePeriodSeconds ?? 30) : 0;
  },
});

export const deploymentKind = kind({
  resource: deployments,
  definition: 'io.k8s.api.apps.v1.Deployment',
  subresources: ['status', 'scale'],
  applyDefaults: (draft) => {
    draft['spec'] = { replicas: 1, ...(draft['spec'] as object | undefined) };
  },
  validate: (object) => {
    const replicas = (object as Deployment).spec?.replicas ?? 0;
    return replicas < 0 ? [invalid('spec.replicas', replicas, 'must be greater than or equal to 0')] : [];
  },
});

export const testKinds: readonly Kind[] = [namespaceKind, configMapKind, podKind, deploymentKind];

export const testContext = (options: Partial<RequestContext> = {}): RequestContext => ({
  user: { name: 'tester', groups: [] },
  dryRun: false,
  fieldManager: 'test',
  fieldValidation: 'Strict',
  decodingErrors: [],
  warn: () => {},
  ...options,
});

export type TestRegistry = { readonly registry: Registry; readonly clock: FakeClock };

/** With the namespace `default`. */
export const createTestRegistry = async (
  options: Partial<Omit<RegistryOptions, 'clock'>> = {},
): Promise<TestRegistry> => {
  const clock = createFakeClock();
  const registry = createRegistry({ kinds: testKinds, clock, log: silentLog, ...options });
  await registry.create(namespaceKind, undefined, { metadata: { name: 'default' } }, testContext());
  return { registry, clock };
};
