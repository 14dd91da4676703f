// What becomes of one request, for the audit log.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { Clock } from '../../lang/clock.ts';
import { type AuditFacts, type AuditOutcome, type AuditStage, auditEvent } from '../audit/audit-event.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Decision } from '../auth/attributes.ts';
import type { User } from '../registry.ts';
import type { Answer, DocumentAnswer } from './exchange.ts';
import { type RequestPath, parseRequestPath, verbOf } from './request-path.ts';

export type Trail = {
  /** Goes to the client as `Audit-Id`; undefined when nothing is written. */
  readonly id: string | undefined;
  readonly authenticated: (user: User) => void;
  readonly impersonates: (user: User | undefined) => void;
  readonly allowed: (decision: Decision) => void;
  readonly annotate: (key: string, value: string) => void;
  /** Once the answer is written, or its head if it is a stream. */
  readonly answered: (answer: Answer, code: number, onEnd: OnEnd) => void;
  /** An upgraded connection: its bytes are not ours to see. */
  readonly upgraded: (onEnd: OnEnd) => void;
};

/** Calls back when a stream is over, at once if it is. */
type OnEnd = (end: () => void) => void;

const NO_TRAIL: Trail = {
  id: undefined,
  authenticated: () => {},
  impersonates: () => {},
  allowed: () => {},
  annotate: () => {},
  answered: () => {},
  upgraded: () => {},
};

export const startTrail = (
  log: AuditLog | undefined,
  request: IncomingMessage | Http2ServerRequest,
  clock: Clock,
): Trail => {
  if (!log) return NO_TRAIL;
  let facts = factsOf(request, clock.now());
  const write = (stage: AuditStage, outcome: AuditOutcome): void =>
    log.write(auditEvent(facts, stage, outcome, clock.now()));
  const stream = (code: number, onEnd: OnEnd): void => {
    write('ResponseStarted', { code });
    onEnd(() => write('ResponseComplete', { code }));
  };
  return {
    id: facts.auditId,
    authenticated: (user) => void (facts = { ...facts, user }),
    impersonates: (impersonatedUser) => void (facts = { ...facts, impersonatedUser }),
    allowed: (decision) => void (facts = { ...facts, decision }),
    annotate: (key, value) =>
      void (facts = { ...facts, annotations: { ...facts.annotations, [key]: value } }),
    answered: (answer, code, onEnd) => {
      if (answer.kind === 'stream') stream(code, onEnd);
      else write('ResponseComplete', answer.kind === 'document' ? outcomeOf(answer) : { code });
    },
    upgraded: (onEnd) => stream(101, onEnd),
  };
};

const factsOf = (request: IncomingMessage | Http2ServerRequest, receivedMs: number): AuditFacts => {
  const [method, url] = [request.method ?? 'GET', request.url ?? '/'];
  const [text, query = ''] = url.split(/\?(.*)/s);
  const path = pathOf(text!);
  const resourceVerb =
    path?.kind === 'resource' ? verbOf(method, path, new URLSearchParams(query)) : undefined;
  return {
    auditId: randomUUID(),
    requestUri: url,
    verb: resourceVerb ?? method.toLowerCase(),
    path,
    userAgent: request.headers['user-agent'],
    sourceIps: [request.socket.remoteAddress ?? ''],
    receivedMs,
    user: undefined,
    impersonatedUser: undefined,
    decision: undefined,
    annotations: {},
  };
};

const pathOf = (text: string): RequestPath | undefined => {
  try {
    return parseRequestPath(text);
  } catch {
    return undefined; // the request is refused for it
  }
};

const outcomeOf = ({ code, failure }: DocumentAnswer): AuditOutcome => {
  const { reason, message } = failure ?? {};
  return { code, ...(reason ? { reason } : {}), ...(message ? { message } : {}) };
};
