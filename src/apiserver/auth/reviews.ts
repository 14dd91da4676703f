// The questions that are asked by creating an object which is answered and not stored: who am I, may I, whose token is it.
import type { Draft } from '../kind.ts';
import type { User } from '../registry.ts';
import type { Access } from './access.ts';
import { localAccessStatus, rulesStatus, selfAccessStatus, subjectAccessStatus } from './access-reviews.ts';
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
  /** The object with its status. Throws Invalid. */
  readonly answer: (review: ReviewRequest) => Promise<object> | object;
};

export type ReviewRequest = {
  readonly user: User;
  readonly object: Draft;
  readonly namespace: string | undefined;
};

const AUTHENTICATION = 'authentication.k8s.io';
const AUTHORIZATION = 'authorization.k8s.io';

/** The reviews that are served, as rows of a table. */
export const createReviews = (access: Access, tokens: ServiceAccountTokens): readonly Review[] => [
  define(AUTHENTICATION, 'SelfSubjectReview', 'Cluster', ({ user }) => ({ userInfo: userInfoOf(user) })),
  define(AUTHENTICATION, 'TokenReview', 'Cluster', ({ object }) => tokenStatus(tokens, object)),
  define(AUTHORIZATION, 'SelfSubjectAccessReview', 'Cluster', (review) => selfAccessStatus(access, review)),
  define(AUTHORIZATION, 'SubjectAccessReview', 'Cluster', (review) => subjectAccessStatus(access, review)),
  define(AUTHORIZATION, 'LocalSubjectAccessReview', 'Namespaced', (review) =>
    localAccessStatus(access, review),
  ),
  define(AUTHORIZATION, 'SelfSubjectRulesReview', 'Cluster', (review) => rulesStatus(access, review)),
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

const tokenStatus = async (tokens: ServiceAccountTokens, object: Draft): Promise<object> => {
  const spec = (object['spec'] ?? {}) as { token?: string; audiences?: readonly string[] };
  const { token = '', audiences } = spec;
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
