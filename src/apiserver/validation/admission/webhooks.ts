// Rules for webhook configurations (kubernetes pkg/apis/admissionregistration/validation/validation.go, 1.37).
import { duplicate, invalid, required } from '../../../k8s/field-errors.ts';
import type { MutatingWebhook, ValidatingWebhook } from '../../../k8s/generated/types.ts';
import { dns1035Label, dns1123Subdomain } from '../../../k8s/name-rules.ts';
import { compileConditions } from '../../admission/policies/compile-policy.ts';
import { webhookServiceErrors, webhookUrlErrors } from '../../webhooks/validate-client.ts';
import { each, repeatedIndexes, when } from '../compose.ts';
import type { FieldErrors } from '../compose.ts';
import { labelSelector } from '../labels.ts';
import { oneOf, optionalOneOf } from '../scalars.ts';
import { matchConditionErrors } from './expressions.ts';
import { validateRule } from './match-resources.ts';

/** As clients send them: what is required may be missing. */
type Hook = Partial<ValidatingWebhook>;

export const validateMutatingWebhooks = (hooks: readonly Partial<MutatingWebhook>[]): FieldErrors =>
  all(hooks, ({ reinvocationPolicy }, path) =>
    optionalOneOf(reinvocationPolicy, ['IfNeeded', 'Never'], `${path}.reinvocationPolicy`),
  );

export const validateWebhooks = (hooks: readonly Hook[]): FieldErrors => all(hooks, () => []);

const all = <T extends Hook>(
  hooks: readonly T[],
  own: (hook: T, path: string) => FieldErrors,
): FieldErrors => {
  const repeated = new Set(repeatedIndexes(hooks, ({ name = '' }) => name));
  return each(hooks, 'webhooks', (hook, path, index) => [
    ...webhook(hook, path, own(hook, path)),
    ...reviewVersions(hook.admissionReviewVersions ?? [], `${path}.admissionReviewVersions`),
    ...when(!!hook.name && repeated.has(index), () => duplicate(`${path}.name`, hook.name)),
  ]);
};

const SIDE_EFFECTS = ['None', 'NoneOnDryRun'];

/** `own`: findings about what only its kind has. */
const webhook = (hook: Hook, path: string, own: FieldErrors): FieldErrors => [
  ...fullyQualifiedName(hook.name ?? '', `${path}.name`),
  ...each(hook.rules, `${path}.rules`, validateRule),
  ...optionalOneOf(hook.failurePolicy, ['Fail', 'Ignore'], `${path}.failurePolicy`),
  ...optionalOneOf(hook.matchPolicy, ['Equivalent', 'Exact'], `${path}.matchPolicy`),
  ...(hook.sideEffects === undefined
    ? [required(`${path}.sideEffects`, `must specify one of ${SIDE_EFFECTS.join(', ')}`)]
    : oneOf(hook.sideEffects, SIDE_EFFECTS, `${path}.sideEffects`)),
  ...timeout(hook.timeoutSeconds, `${path}.timeoutSeconds`),
  ...labelSelector(hook.namespaceSelector, `${path}.namespaceSelector`),
  ...labelSelector(hook.objectSelector, `${path}.objectSelector`),
  ...own,
  ...clientConfig(hook.clientConfig ?? {}, `${path}.clientConfig`),
  ...matchConditionErrors(
    hook.matchConditions ?? [],
    compileConditions(hook.matchConditions ?? []).conditions,
    `${path}.matchConditions`,
  ),
];

const fullyQualifiedName = (name: string, path: string): FieldErrors => {
  if (name === '') return [required(path)];
  const findings = dns1123Subdomain(name);
  if (findings.length > 0) return findings.map((finding) => invalid(path, name, finding));
  return when(name.split('.').length < 3, () =>
    invalid(path, name, 'should be a domain with at least three segments separated by dots'),
  );
};

const timeout = (seconds: number | undefined, path: string): FieldErrors =>
  when(seconds !== undefined && (seconds < 1 || seconds > 30), () =>
    invalid(path, seconds, 'the timeout value must be between 1 and 30 seconds'),
  );

const clientConfig = ({ url, service }: ValidatingWebhook['clientConfig'], path: string): FieldErrors => {
  if (url !== undefined && service === undefined) return webhookUrlErrors(url, `${path}.url`);
  if (url === undefined && service !== undefined) return webhookServiceErrors(service, `${path}.service`);
  return [required(path, 'exactly one of url or service is required')];
};

const REVIEW_VERSIONS = ['v1', 'v1beta1'];

const reviewVersions = (versions: readonly string[], path: string): FieldErrors => {
  if (versions.length === 0) return [required(path, `must specify one of ${REVIEW_VERSIONS.join(', ')}`)];
  const isKnown = versions.some((version) => REVIEW_VERSIONS.includes(version));
  const repeated = new Set(repeatedIndexes(versions, (version) => version));
  return [
    ...each(versions, path, (version, at, index) =>
      repeated.has(index)
        ? [invalid(at, version, 'duplicate version')]
        : dns1035Label(version).map((finding) => invalid(at, version, finding)),
    ),
    ...when(!isKnown, () =>
      invalid(path, versions, `must include at least one of ${REVIEW_VERSIONS.join(', ')}`),
    ),
  ];
};
