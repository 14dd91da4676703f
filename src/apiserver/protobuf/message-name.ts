// Which protobuf message stands for a kind.
import { ownValue } from '../../lang/own-value.ts';

/** Begins every body: `k8s` and a zero. */
export const MAGIC = Buffer.from('k8s\0', 'latin1');

/** These belong to no group of their own: any may name them. */
const META_KINDS = new Set([
  'APIGroup',
  'APIGroupList',
  'APIResourceList',
  'APIVersions',
  'DeleteOptions',
  'PartialObjectMetadata',
  'Status',
]);

const META = 'io.k8s.apimachinery.pkg.apis.meta';

/** The groups whose messages are not in k8s.io/api. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'apiextensions.k8s.io': 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions',
  'apiregistration.k8s.io': 'io.k8s.kube-aggregator.pkg.apis.apiregistration',
  'meta.k8s.io': META,
};

/** By its OpenAPI name. There may be no such message. */
export const messageName = (apiVersion: string, kind: string): string => {
  if (META_KINDS.has(kind)) return `${META}.v1.${kind}`;
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  return `${ownValue(ELSEWHERE, group!) ?? `io.k8s.api.${packageOf(group!)}`}.${version}.${kind}`;
};

/** Packages are called by the first word of their group: `rbac` of rbac.authorization.k8s.io. */
const packageOf = (group: string): string => (group === '' ? 'core' : group.split('.')[0]!);
