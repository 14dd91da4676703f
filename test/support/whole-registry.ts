// The real kinds behind the registry's verbs, in the namespace `ns` with its service account, for tests that write YAML.
import { parse } from 'yaml';
import { createRegistry } from '../../src/apiserver/create-registry.ts';
import { createKinds } from '../../src/apiserver/kinds/kinds.ts';
import type { Draft, Kind } from '../../src/apiserver/kind.ts';
import type { Registry, RequestContext } from '../../src/apiserver/registry.ts';
import type { KubeObject, Stored } from '../../src/k8s/objects.ts';
import { silentLog } from '../../src/lang/log.ts';
import { RANGES } from './admission.ts';
import { createFakeClock } from './fake-clock.ts';
import type { FakeClock } from './fake-clock.ts';
import { testContext } from './test-registry.ts';

export type WholeRegistry = {
  readonly registry: Registry;
  readonly clock: FakeClock;
  readonly kind: (name: string) => Kind;
  /** `name` and `ns` unless the YAML says otherwise. */
  readonly create: <T extends KubeObject>(
    kind: string,
    name: string,
    yaml?: string,
    context?: Partial<RequestContext>,
  ) => Promise<Stored<T>>;
  readonly get: <T extends KubeObject>(kind: string, name: string) => Stored<T>;
  readonly patch: (kind: string, name: string, patch: object, subresource?: 'status') => Promise<unknown>;
  readonly remove: (kind: string, name: string) => Promise<unknown>;
};

export const createWholeRegistry = async (): Promise<WholeRegistry> => {
  const clock = createFakeClock();
  const registry = createRegistry({ kinds: createKinds(RANGES), clock, log: silentLog });
  const kind = (name: string): Kind => registry.kinds.all.find(({ resource }) => resource.kind === name)!;
  const at = (name: string) => ({ namespace: 'ns', name });
  const whole: WholeRegistry = {
    registry,
    clock,
    kind,
    create: async <T extends KubeObject>(kindName: string, name: string, yaml = '', context = {}) => {
      const { metadata, ...rest } = (parse(yaml) ?? {}) as Draft;
      const object: Draft = { metadata: { name, ...metadata }, ...rest };
      const { namespaced } = kind(kindName).resource;
      const namespace = namespaced ? 'ns' : undefined;
      return (await registry.create(kind(kindName), namespace, object, testContext(context))) as Stored<T>;
    },
    get: <T extends KubeObject>(kindName: string, name: string) =>
      registry.get(kind(kindName), at(name)) as Stored<T>,
    patch: (kindName, name, patch, subresource) =>
      registry.patch(
        kind(kindName),
        at(name),
        { type: 'application/merge-patch+json', body: patch },
        testContext(),
        subresource,
      ),
    remove: (kindName, name) =>
      registry.delete(kind(kindName), at(name), { gracePeriodSeconds: 0 }, testContext()),
  };
  await whole.create('Namespace', 'ns');
  await whole.create('ServiceAccount', 'default');
  return whole;
};
