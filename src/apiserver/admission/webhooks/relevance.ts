// Whether a webhook is asked about a request, and as what (k8s.io/apiserver/pkg/admission/plugin/webhook/generic/webhook.go,
// ShouldCallHook; 1.37).
import { forbidden } from '../../status-errors.ts';
import type { Kind } from '../../kind.ts';
import type { AdmissionRequest } from '../admission.ts';
import { inVersion } from '../other-version.ts';
import { meetsConditions } from '../policies/evaluate-policy.ts';
import type { Lookup } from '../policies/lookup.ts';
import { matchResources, namespaceOf } from '../policies/match-resources.ts';
import type { Matched } from '../request-json.ts';
import type { Hook } from './hook.ts';

/** A question for a webhook. */
export type Invocation = {
  readonly hook: Hook;
  /** Its objects are those of `kind`. */
  readonly request: AdmissionRequest;
  /** The version that the webhook asked for. */
  readonly kind: Kind;
  readonly matched: Matched;
};

/** About admission itself nobody is asked: it could not be mended any more. */
export const isExempt = ({ kind: { resource } }: AdmissionRequest): boolean =>
  resource.group === 'admissionregistration.k8s.io';

/** Undefined: the webhook is not about it. Throws Forbidden if its match conditions fail, and NotConverted. */
export const invocationOf = (
  hook: Hook,
  request: AdmissionRequest,
  lookup: Lookup,
): Invocation | undefined => {
  const { rules = [], matchPolicy, namespaceSelector, objectSelector } = hook.webhook;
  const match = { resourceRules: rules, matchPolicy, namespaceSelector, objectSelector };
  const kind = rules.length === 0 ? undefined : matchResources(match, request, lookup);
  if (!kind) return undefined;
  const matched = { resource: kind.resource, kind: request.type };
  const invocation = { hook, request: inVersion(request, kind), kind, matched };
  return isMeant(invocation, lookup) ? invocation : undefined;
};

const isMeant = ({ hook, request, matched }: Invocation, lookup: Lookup): boolean => {
  const conditions = hook.conditions();
  if (conditions.conditions.length === 0) return true;
  const authorize = lookup.authorizeFor(request.context.user);
  const namespace = namespaceOf(request, lookup);
  const met = meetsConditions(conditions, { request, matched, namespace, params: undefined, authorize });
  if (typeof met === 'boolean') return met;
  if (hook.webhook.failurePolicy === 'Ignore') return false;
  throw forbidden(request.kind.resource, request.name, met.failure);
};
