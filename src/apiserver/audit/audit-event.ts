// One line of the audit log: audit.k8s.io/v1 Event at level Metadata. Facts in, object out.
import { formatMicroTime } from '../../k8s/time.ts';
import type { Decision } from '../auth/attributes.ts';
import type { RequestPath } from '../http/request-path.ts';
import type { User } from '../registry.ts';

export type AuditFacts = {
  readonly auditId: string;
  readonly requestUri: string;
  readonly verb: string;
  /** Undefined for a path that cannot be read. */
  readonly path: RequestPath | undefined;
  readonly userAgent: string | undefined;
  readonly sourceIps: readonly string[];
  readonly receivedMs: number;
  /** Undefined until the credentials have been found good. */
  readonly user: User | undefined;
  readonly impersonatedUser: User | undefined;
  /** Undefined until access was granted. */
  readonly decision: Decision | undefined;
  /** What admission says about the request. */
  readonly annotations: Readonly<Record<string, string>>;
};

export type AuditStage = 'ResponseStarted' | 'ResponseComplete';

export type AuditOutcome = { readonly code: number; readonly reason?: string; readonly message?: string };

/** Bodies are never in it. */
export const auditEvent = (
  facts: AuditFacts,
  stage: AuditStage,
  outcome: AuditOutcome,
  nowMs: number,
): object => ({
  kind: 'Event',
  apiVersion: 'audit.k8s.io/v1',
  level: 'Metadata',
  auditID: facts.auditId,
  stage,
  requestURI: facts.requestUri,
  verb: facts.verb,
  user: facts.user ? userInfo(facts.user) : {},
  ...(facts.impersonatedUser ? { impersonatedUser: userInfo(facts.impersonatedUser) } : {}),
  sourceIPs: facts.sourceIps,
  ...(facts.userAgent ? { userAgent: facts.userAgent } : {}),
  ...(facts.path?.kind === 'resource' ? { objectRef: objectRef(facts.path) } : {}),
  responseStatus: responseStatus(facts, outcome),
  requestReceivedTimestamp: formatMicroTime(facts.receivedMs),
  stageTimestamp: formatMicroTime(nowMs),
  ...annotations(facts, outcome),
});

const userInfo = ({ name, uid, groups, extra }: User): object => ({
  username: name,
  ...(uid ? { uid } : {}),
  groups,
  ...(extra && Object.keys(extra).length > 0 ? { extra } : {}),
});

type ResourcePath = Extract<RequestPath, { readonly kind: 'resource' }>;

const objectRef = ({ resource, namespace, name, group, version, subresource }: ResourcePath): object => ({
  resource,
  ...(namespace ? { namespace } : {}),
  ...(name ? { name } : {}),
  ...(group ? { apiGroup: group } : {}),
  apiVersion: version,
  ...(subresource ? { subresource } : {}),
});

const responseStatus = ({ path }: AuditFacts, { code, reason, message }: AuditOutcome): object => ({
  metadata: {},
  ...(code >= 400 ? { status: 'Failure' } : {}),
  ...(message && !isSecret(path) ? { message } : {}),
  ...(reason ? { reason } : {}),
  code,
});

/** A refusal may quote what was sent. */
const isSecret = (path: RequestPath | undefined): boolean =>
  path?.kind === 'resource' &&
  (path.resource === 'secrets' || path.resource === 'tokenreviews' || path.subresource === 'token');

const DECISION = 'authorization.k8s.io/decision';
const REASON = 'authorization.k8s.io/reason';

const annotations = ({ user, decision, annotations: said }: AuditFacts, { code }: AuditOutcome): object => {
  const refused = user && code === 403 ? { [DECISION]: 'forbid', [REASON]: '' } : {};
  const access = decision ? { [DECISION]: 'allow', [REASON]: decision.reason } : refused;
  const all = { ...access, ...said };
  return Object.keys(all).length > 0 ? { annotations: all } : {};
};
