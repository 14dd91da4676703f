// The discovery documents: which groups, versions and resources there are. Pure.
// Aggregated form: https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api
import type { DiscoveryVersion } from './accept.ts';
import type { ServedResource } from './served-resources.ts';

/** The group '' has the path /api, all others /apis. */
export const aggregatedDiscovery = (
  resources: readonly ServedResource[],
  version: DiscoveryVersion,
): object => ({
  kind: 'APIGroupDiscoveryList',
  apiVersion: `apidiscovery.k8s.io/${version}`,
  metadata: {},
  items: groupsOf(resources).map(({ group, versions }) => ({
    metadata: { ...(group ? { name: group } : {}), creationTimestamp: null },
    versions: versions.map((each) => ({
      version: each.version,
      freshness: 'Current',
      resources: each.resources.map(discoveredResource),
    })),
  })),
});

export const aggregatedContentType = (version: DiscoveryVersion): string =>
  `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;

/** GET /api of clients that know no aggregated discovery. */
export const legacyVersions = (serverAddress: string): object => ({
  kind: 'APIVersions',
  versions: ['v1'],
  serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
});

/** GET /apis. */
export const groupList = (resources: readonly ServedResource[]): object => ({
  kind: 'APIGroupList',
  apiVersion: 'v1',
  groups: groupsOf(resources).map(groupEntry),
});

/** GET /apis/GROUP; undefined if there is no such group. */
export const groupDocument = (resources: readonly ServedResource[], name: string): object | undefined => {
  const group = groupsOf(resources).find((each) => each.group === name);
  return group && { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(group) };
};

/** GET /api/v1 and /apis/GROUP/VERSION; undefined if there is no such version. */
export const resourceList = (
  resources: readonly ServedResource[],
  group: string,
  version: string,
): object | undefined => {
  const own = resources.filter((each) => each.group === group && each.version === version);
  if (own.length === 0) return undefined;
  return {
    kind: 'APIResourceList',
    ...(group === '' ? {} : { apiVersion: 'v1' }), // as from kube-apiserver: the core group's has none
    groupVersion: groupVersion(group, version),
    resources: own.flatMap((each) => [legacyResource(each), ...legacySubresources(each)]),
  };
};

export const groupVersion = (group: string, version: string): string =>
  group === '' ? version : `${group}/${version}`;

type Group = {
  readonly group: string;
  readonly versions: readonly { readonly version: string; readonly resources: readonly ServedResource[] }[];
};

const groupsOf = (resources: readonly ServedResource[]): readonly Group[] =>
  [...Map.groupBy(resources, ({ group }) => group)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([group, own]) => ({
      group,
      versions: [...Map.groupBy(own, ({ version }) => version)].map(([version, each]) => ({
        version,
        resources: each.toSorted((a, b) => (a.resource < b.resource ? -1 : 1)),
      })),
    }));

const groupEntry = ({ group, versions }: Group) => {
  const entries = versions.map(({ version }) => ({
    groupVersion: groupVersion(group, version),
    version,
  }));
  return { name: group, versions: entries, preferredVersion: entries[0] };
};

const discoveredResource = (served: ServedResource): object => ({
  resource: served.resource,
  responseKind: { group: served.group, version: served.version, kind: served.kind },
  scope: served.namespaced ? 'Namespaced' : 'Cluster',
  singularResource: served.singular,
  verbs: served.verbs,
  ...(served.shortNames.length > 0 ? { shortNames: served.shortNames } : {}),
  ...(served.categories.length > 0 ? { categories: served.categories } : {}),
  ...(served.subresources.length > 0
    ? {
        subresources: served.subresources.map(({ name, responseKind, verbs }) => ({
          subresource: name,
          responseKind,
          verbs,
        })),
      }
    : {}),
});

const legacyResource = (served: ServedResource): object => ({
  name: served.resource,
  singularName: served.singular,
  namespaced: served.namespaced,
  kind: served.kind,
  verbs: served.verbs,
  ...(served.shortNames.length > 0 ? { shortNames: served.shortNames } : {}),
  ...(served.categories.length > 0 ? { categories: served.categories } : {}),
});

const legacySubresources = (served: ServedResource): readonly object[] =>
  served.subresources.map(({ name, responseKind, verbs }) => ({
    name: `${served.resource}/${name}`,
    singularName: '',
    namespaced: served.namespaced,
    ...(responseKind.group === served.group ? {} : responseKind),
    kind: responseKind.kind,
    verbs,
  }));
