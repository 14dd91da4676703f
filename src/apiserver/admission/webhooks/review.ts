// AdmissionReview: the question and the answer (k8s.io/api/admission/v1;
// k8s.io/apiserver/pkg/admission/plugin/webhook/request/admissionreview.go, 1.37).
import { randomUUID } from 'node:crypto';
import type { Status } from '../../../k8s/generated/types.ts';
import type { KubeObject } from '../../../k8s/objects.ts';
import { apiVersionOf } from '../../../k8s/resources.ts';
import { isJsonObject } from '../../../lang/json.ts';
import type { JsonObject } from '../../../lang/json.ts';
import type { AdmissionRequest } from '../admission.ts';
import { requestJson } from '../request-json.ts';
import type { Invocation } from './relevance.ts';

export type Review = {
  readonly apiVersion: string;
  readonly kind: 'AdmissionReview';
  readonly request: Readonly<Record<string, unknown>> & { readonly uid: string };
};

/** What a webhook says, checked for its form. */
export type Verdict = {
  readonly isAllowed: boolean;
  readonly status: Partial<Status> | undefined;
  readonly warnings: readonly string[];
  readonly annotations: readonly (readonly [key: string, value: string])[];
  /** A JSON patch; undefined: none. */
  readonly patch: unknown;
};

export const reviewOf = ({ hook, request, matched }: Invocation): Review => {
  const { resource, kind: type } = matched;
  const typed = (object: KubeObject | undefined): object | null =>
    object ? { ...object, apiVersion: apiVersionOf(type ?? resource), kind: (type ?? resource).kind } : null;
  const version = hook.webhook.admissionReviewVersions.find((each) => each === 'v1' || each === 'v1beta1');
  return {
    kind: 'AdmissionReview',
    apiVersion: `admission.k8s.io/${version ?? 'v1'}`,
    request: {
      uid: randomUUID(),
      ...requestJson(request, matched),
      object: typed(request.object),
      oldObject: typed(request.before),
      options: optionsOf(request),
    },
  };
};

const OPTIONS = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions' } as const;

const optionsOf = ({ operation, context }: AdmissionRequest): object | null => {
  if (operation === 'CONNECT') return null;
  const type = { apiVersion: 'meta.k8s.io/v1', kind: OPTIONS[operation] };
  const dryRun = context.dryRun && { dryRun: ['All'] };
  if (operation === 'DELETE') return { ...type, ...dryRun };
  const { fieldManager, fieldValidation } = context;
  return { ...type, ...dryRun, ...(fieldManager && { fieldManager }), fieldValidation };
};

/** Throws an Error that says what is wrong with the answer. */
export const verdictOf = (review: Review, answer: unknown, isMutating: boolean): Verdict => {
  const { apiVersion, kind, response } = isJsonObject(answer) ? answer : {};
  if (!isJsonObject(response)) throw new Error('webhook response was absent');
  const isStrict = review.apiVersion === 'admission.k8s.io/v1';
  if (isStrict && response['uid'] !== review.request.uid)
    throw new Error(`expected response.uid="${review.request.uid}", got "${text(response['uid'])}"`);
  if (isStrict && (apiVersion !== review.apiVersion || kind !== review.kind))
    throw new Error(
      `expected webhook response of ${review.apiVersion}, Kind=${review.kind}, got ${text(apiVersion)}, Kind=${text(kind)}`,
    );
  const { allowed, status, warnings, auditAnnotations } = response;
  if (typeof allowed !== 'boolean' && allowed !== undefined)
    throw new Error('response.allowed must be a boolean');
  return {
    isAllowed: allowed === true,
    status: isJsonObject(status) ? statusOf(status) : undefined,
    warnings: Array.isArray(warnings) ? warnings.filter((each) => typeof each === 'string') : [],
    annotations: Object.entries(isJsonObject(auditAnnotations) ? auditAnnotations : {}).map(
      ([key, value]) => [key, text(value)] as const,
    ),
    patch: isMutating ? patchOf(response, isStrict) : refusePatch(response),
  };
};

const statusOf = ({ status, message, reason, code, details }: JsonObject): Partial<Status> => ({
  status: text(status),
  message: text(message),
  reason: text(reason),
  ...(typeof code === 'number' && { code }),
  ...(isJsonObject(details) && { details }),
});

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const patchOf = ({ patch, patchType }: JsonObject, isStrict: boolean): unknown => {
  if (!patch) return undefined;
  if (isStrict && (patchType ?? null) === null)
    throw new Error('webhook returned response.patch but not response.patchType');
  if (typeof patch !== 'string') throw new Error('response.patch must be base64 of a JSON patch');
  if ((patchType ?? 'JSONPatch') !== 'JSONPatch')
    throw new Error(`webhook returned invalid response.patchType of ${JSON.stringify(patchType)}`);
  try {
    return JSON.parse(Buffer.from(patch, 'base64').toString('utf8')) as unknown;
  } catch {
    throw new Error('response.patch is not base64 of a JSON patch');
  }
};

const refusePatch = ({ patch, patchType }: JsonObject): undefined => {
  if (patch) throw new Error('validating webhook may not return response.patch');
  if ((patchType ?? null) !== null) throw new Error('validating webhook may not return response.patchType');
};
