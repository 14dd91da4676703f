// All resources that the server serves, with their subresources and verbs: what discovery and OpenAPI tell clients.
import { rememberEach } from '../../lang/remember.ts';
import type { Review } from '../auth/reviews.ts';
import type { Kind } from '../kind.ts';
import type { Verb } from './request-path.ts';

export type GroupVersionKind = { readonly group: string; readonly version: string; readonly kind: string };

export type ServedSubresource = {
  readonly name: string;
  readonly responseKind: GroupVersionKind;
  readonly verbs: readonly Verb[];
};

export type ServedResource = {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly Verb[];
  readonly subresources: readonly ServedSubresource[];
  /** The name of its definition: in src/k8s/generated/schema.json, unless it has a schema of its own. */
  readonly definition: string;
  readonly listKind: string;
  readonly schema?: () => object;
};

const ALL_VERBS: readonly Verb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];
const CHANGE: readonly Verb[] = ['get', 'patch', 'update'];
const CONNECT: readonly Verb[] = ['create', 'get'];

const core = (kind: string): GroupVersionKind => ({ group: '', version: 'v1', kind });

/** By name: the kind that it speaks (undefined: the resource's own) and its verbs. */
const SUBRESOURCES: Readonly<
  Record<Kind['subresources'][number], { readonly kind?: GroupVersionKind; readonly verbs: readonly Verb[] }>
> = {
  status: { verbs: CHANGE },
  scale: { kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' }, verbs: CHANGE },
  binding: { kind: core('Binding'), verbs: ['create'] },
  eviction: { kind: { group: 'policy', version: 'v1', kind: 'Eviction' }, verbs: ['create'] },
  token: {
    kind: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
    verbs: ['create'],
  },
  ephemeralcontainers: { verbs: CHANGE },
  approval: { verbs: CHANGE },
  finalize: { verbs: ['update'] },
  log: { verbs: ['get'] },
  exec: { kind: core('PodExecOptions'), verbs: CONNECT },
  attach: { kind: core('PodAttachOptions'), verbs: CONNECT },
  portforward: { kind: core('PodPortForwardOptions'), verbs: CONNECT },
  proxy: { verbs: ['create', 'delete', 'get', 'patch', 'update'] },
};

export const servedKind = rememberEach((kind: Kind): ServedResource => {
  const { group, version, resource, kind: name, namespaced } = kind.resource;
  const own = { group, version, kind: name };
  return {
    ...own,
    resource,
    namespaced,
    singular: kind.singular,
    shortNames: kind.shortNames,
    categories: kind.categories,
    // Kubernetes lets no one delete all namespaces by one request.
    verbs: resource === 'namespaces' ? ALL_VERBS.filter((verb) => verb !== 'deletecollection') : ALL_VERBS,
    subresources: [...kind.subresources].sort().map((subresource) => ({
      name: subresource,
      responseKind:
        subresource === 'proxy' ? core(`${name}ProxyOptions`) : (SUBRESOURCES[subresource].kind ?? own),
      verbs: SUBRESOURCES[subresource].verbs,
    })),
    definition: kind.definition,
    listKind: kind.custom?.listKind ?? `${name}List`,
    ...(kind.custom && { schema: kind.custom.openApi }),
  };
});

export const servedReview = (review: Review): ServedResource => ({
  ...review,
  shortNames: [],
  categories: [],
  verbs: ['create'],
  subresources: [],
  listKind: '',
});
