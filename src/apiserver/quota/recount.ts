// A quota's status from what is there: when the quota comes, and whenever someone writes it.
import { type Amounts, count, resourceList, sumOf } from '../../k8s/amounts.ts';
import type { ResourceQuota } from '../../k8s/generated/types.ts';
import type { KubeObject } from '../../k8s/objects.ts';
import type { Resource } from '../../k8s/resources.ts';
import { isInScopes } from './scopes.ts';
import { usageOf } from './usage.ts';

type Names = Pick<Resource, 'group' | 'resource'>;

/** O(objects of the namespace of the kinds that the quota limits). */
export const recounted = (
  quota: ResourceQuota,
  objectsOf: (names: Names) => readonly KubeObject[],
): NonNullable<ResourceQuota['status']> => {
  const hard = quota.spec?.hard ?? {};
  const sources = new Map(Object.keys(hard).map((name) => [sourceText(name), sourceOf(name)]));
  const usages = [...sources.values()].flatMap((names) =>
    objectsOf(names)
      .filter((object) => isInScopes(quota, names, object))
      .map((object) => usageOf(names, object)),
  );
  const nothing: Amounts = new Map(Object.keys(hard).map((name) => [name, count(0)]));
  const total = sumOf(nothing, ...usages);
  const used = new Map([...total].filter(([name]) => Object.hasOwn(hard, name)));
  return { hard: { ...hard }, used: resourceList(used) };
};

const CORE = ['configmaps', 'secrets', 'resourcequotas', 'replicationcontrollers', 'persistentvolumeclaims'];

/** The kind whose objects take of what is called so. */
const sourceOf = (name: string): Names => {
  if (name.startsWith('count/')) {
    const [resource = '', ...group] = name.slice('count/'.length).split('.');
    return { group: group.join('.'), resource };
  }
  if (name === 'services' || name.startsWith('services.')) return { group: '', resource: 'services' };
  if (name === 'requests.storage' || name.includes('.storageclass.storage.k8s.io/'))
    return { group: '', resource: 'persistentvolumeclaims' };
  return { group: '', resource: CORE.includes(name) ? name : 'pods' };
};

const sourceText = (name: string): string => Object.values(sourceOf(name)).join('/');
