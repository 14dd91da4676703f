// The questions that are asked by creating an object which is answered and not stored: who am I, may I, whose token is it.
import type { Draft } from '../kind.ts';
import type { User } from '../registry.ts';
import { type Attributes, type Decision, authorize } from './authorize.ts';
import type { ServiceAccountTokens } from './service-account-tokens.ts';

export type Review = {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly kind: string;
  readonly singular: string;
  readonly namespaced: boolean;
  /** Its definition in src/k8s/generated/schema.json. */
  readonly definition: string;
  /** The object with its status. */
  readonly answer: (review: ReviewRequest) => Promise<object> | object;
};

type ReviewRequest = {
  readonly user: User;
  readonly object: Draft;
  readonly namespace: string | undefined;
};

/** The reviews that are served, as rows of a table. */
export const createReviews = (tokens: ServiceAccountTokens): readonly Review[] => [
  define('authentication.k8s.io', 'SelfSubjectReview', 'Cluster', ({ user }) => ({
    userInfo: userInfoOf(user),
  })),
  define('authentication.k8s.io', 'TokenReview', 'Cluster', ({ object }) => tokenStatus(tokens, object)),
  define('authorization.k8s.io', 'SelfSubjectAccessReview', 'Cluster', ({ user, object }) =>
    accessStatus(user, specOf<AccessSpec>(object)),
  ),
  define('authorization.k8s.io', 'SubjectAccessReview', 'Cluster', ({ object }) => subjectStatus(object)),
  define('authorization.k8s.io', 'LocalSubjectAccessReview', 'Namespaced', ({ object }) =>
    subjectStatus(object),
  ),
  define('authorization.k8s.io', 'SelfSubjectRulesReview', 'Cluster', ({ user }) => rulesStatus(user)),
];

const define = (
  group: string,
  kind: string,
  scope: 'Cluster' | 'Namespaced',
  status: (request: ReviewRequest) => Promise<object> | object,
): Review => ({
  group,
  version: 'v1',
  resource: `${kind.toLowerCase()}s`,
  kind,
  singular: kind.toLowerCase(),
  namespaced: scope === 'Namespaced',
  definition: `io.k8s.api.${group.split('.')[0]}.v1.${kind}`,
  answer: async (request) => ({
    ...request.object,
    metadata: { ...request.object.metadata, creationTimestamp: null },
    status: await status(request),
  }),
});

type ResourceAttributes = {
  readonly namespace?: string;
  readonly verb?: string;
  readonly group?: string;
  readonly version?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly name?: string;
};

type AccessSpec = {
  readonly resourceAttributes?: ResourceAttributes;
  readonly nonResourceAttributes?: { readonly path?: string; readonly verb?: string };
};

type SubjectSpec = AccessSpec & { readonly user?: string; readonly groups?: readonly string[] };

const specOf = <T>(object: Draft): T => (object['spec'] ?? {}) as T;

const accessStatus = (user: User, spec: AccessSpec): object => statusOf(authorize(user, attributesOf(spec)));

const subjectStatus = (object: Draft): object => {
  const { user = '', groups = [], ...spec } = specOf<SubjectSpec>(object);
  return accessStatus({ name: user, groups }, spec);
};

const attributesOf = ({ resourceAttributes, nonResourceAttributes }: AccessSpec): Attributes => {
  if (nonResourceAttributes) {
    const { path = '', verb = '' } = nonResourceAttributes;
    return { kind: 'path', path, verb };
  }
  const { verb = '', group = '', version = '', resource = '', ...rest } = resourceAttributes ?? {};
  return { kind: 'resource', verb, group, version, resource, ...rest };
};

const statusOf = ({ allowed, reason }: Decision): object => ({ allowed, ...(reason ? { reason } : {}) });

/** Everything for those who may do everything (`kubectl auth can-i --list`). */
const rulesStatus = (user: User): object => {
  const probe: Attributes = { kind: 'resource', verb: '*', group: '*', version: '*', resource: '*' };
  const { allowed } = authorize(user, probe);
  return {
    incomplete: false,
    resourceRules: allowed ? [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }] : [],
    nonResourceRules: allowed ? [{ verbs: ['*'], nonResourceURLs: ['*'] }] : [],
  };
};

const tokenStatus = async (tokens: ServiceAccountTokens, object: Draft): Promise<object> => {
  const { token = '', audiences } = specOf<{ token?: string; audiences?: readonly string[] }>(object);
  const found = await tokens.verify(token, audiences?.length ? audiences : undefined);
  return found
    ? { authenticated: true, user: userInfoOf(found.user), audiences: found.audiences }
    : { authenticated: false, user: {}, error: 'invalid bearer token' };
};

const userInfoOf = ({ name, uid, groups, extra }: User): object => ({
  username: name,
  ...(uid ? { uid } : {}),
  groups,
  ...(extra && Object.keys(extra).length > 0 ? { extra } : {}),
});
