// `authorizer.group('').resource('pods').check('get').allowed()` (k8s.io/apiserver/pkg/cel/library/authz.go).
// Whoever evaluates binds the variable to `authorizerValue`, and answers the checks.
import { dns1123Label, dns1123Subdomain } from '../../k8s/name-rules.ts';
import { LIST_COST, PER_CHARACTER, fixed } from '../cost/model.ts';
import type { CostModel } from '../cost/model.ts';
import { add, exactly, scale } from '../cost/range.ts';
import { opaque } from '../types/type.ts';
import type { CelType } from '../types/type.ts';
import { CelError, Opaque, sizeOf } from '../values/value.ts';
import type { Value } from '../values/value.ts';
import { overload } from './overload.ts';
import type { Overload } from './overload.ts';

/** A question: about a path, or about a resource. */
export type AccessCheck = {
  readonly verb: string;
  readonly path?: string;
  readonly group?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  /** Asked for in place of the user who sent the request. */
  readonly serviceAccount?: { readonly namespace: string; readonly name: string };
};

export type AccessDecision = {
  readonly isAllowed: boolean;
  readonly reason: string;
  readonly error?: string;
};

/** Answers at once: evaluation does not wait. */
export type Authorize = (check: AccessCheck) => AccessDecision;

type Pending = { readonly authorize: Authorize; readonly check: Omit<AccessCheck, 'verb'> };
type PendingValue = Opaque<Pending>;
type DecisionValue = Opaque<AccessDecision>;

const SPACE = 'kubernetes.authorization';
const AUTHORIZER = `${SPACE}.Authorizer`;
const PATH = `${SPACE}.PathCheck`;
const GROUP = `${SPACE}.GroupCheck`;
const RESOURCE = `${SPACE}.ResourceCheck`;
const DECISION = `${SPACE}.Decision`;

export const AUTHORIZER_TYPE: CelType = opaque(AUTHORIZER);
export const RESOURCE_CHECK_TYPE: CelType = opaque(RESOURCE);
export const AUTHORIZER_TYPE_NAMES: readonly string[] = [AUTHORIZER, PATH, GROUP, RESOURCE, DECISION];

const pending = (typeName: string, value: Pending): PendingValue =>
  new Opaque(typeName, value, (other) => other === value);

/** The variable `authorizer`. */
export const authorizerValue = (authorize: Authorize): Value => pending(AUTHORIZER, { authorize, check: {} });

/** The variable `authorizer.requestResource`: the check of what the request is about. */
export const requestResourceValue = (authorize: Authorize, check: Omit<AccessCheck, 'verb'>): Value =>
  pending(RESOURCE, { authorize, check });

const refine = (typeName: string, { data }: PendingValue, check: Partial<AccessCheck>): PendingValue =>
  pending(typeName, { ...data, check: { ...data.check, ...check } });

const nonEmpty = (what: string, text: string): string => {
  if (text.trim() === '') throw new CelError(`${what} must not be empty`);
  return text;
};

const serviceAccount = (from: PendingValue, namespace: string, name: string): PendingValue => {
  if (dns1123Subdomain(name).length > 0) throw new CelError('Invalid service account name');
  if (dns1123Label(namespace).length > 0) throw new CelError('Invalid service account namespace');
  return refine(AUTHORIZER, from, { serviceAccount: { namespace, name } });
};

const decide = ({ data }: PendingValue, verb: string): DecisionValue => {
  const decision = data.authorize({ ...data.check, verb });
  return new Opaque(DECISION, decision, (other) => other === decision);
};

/** Two checks for each evaluation, no more. */
const CHECK_COST = 350_000;
const REQUIREMENT_COST = 50;

const parsesSelector: CostModel = {
  actual: ([, text]) =>
    LIST_COST +
    Math.ceil(sizeOf(text!) * PER_CHARACTER) +
    Math.ceil(Math.ceil(sizeOf(text!) / 2) * REQUIREMENT_COST),
  estimate: ([, text]) => ({
    cost: add(
      exactly(LIST_COST),
      scale(text!.size, PER_CHARACTER),
      scale(scale(text!.size, 0.5), REQUIREMENT_COST),
    ),
  }),
};

const detail = (name: string, key: 'subresource' | 'namespace' | 'name', id: string): Overload =>
  overload(name, id, `${RESOURCE}.(string) -> ${RESOURCE}`, (from: PendingValue, text: string) =>
    refine(RESOURCE, from, { [key]: text }),
  );

export const AUTHORIZER_FUNCTIONS: readonly Overload[] = [
  overload(
    'path',
    'authorizer_path',
    `${AUTHORIZER}.(string) -> ${PATH}`,
    (from: PendingValue, path: string) => refine(PATH, from, { path: nonEmpty('path', path) }),
  ),
  overload(
    'group',
    'authorizer_group',
    `${AUTHORIZER}.(string) -> ${GROUP}`,
    (from: PendingValue, group: string) => refine(GROUP, from, { group }),
  ),
  overload(
    'serviceAccount',
    'authorizer_serviceaccount',
    `${AUTHORIZER}.(string, string) -> ${AUTHORIZER}`,
    serviceAccount,
  ),
  overload(
    'resource',
    'groupcheck_resource',
    `${GROUP}.(string) -> ${RESOURCE}`,
    (from: PendingValue, resource: string) =>
      refine(RESOURCE, from, { resource: nonEmpty('resource', resource) }),
  ),
  detail('subresource', 'subresource', 'resourcecheck_subresource'),
  detail('namespace', 'namespace', 'resourcecheck_namespace'),
  detail('name', 'name', 'resourcecheck_name'),
  overload(
    'fieldSelector',
    'authorizer_fieldselector',
    `${RESOURCE}.(string) -> ${RESOURCE}`,
    (from: PendingValue, fieldSelector: string) => refine(RESOURCE, from, { fieldSelector }),
    parsesSelector,
  ),
  overload(
    'labelSelector',
    'authorizer_labelselector',
    `${RESOURCE}.(string) -> ${RESOURCE}`,
    (from: PendingValue, labelSelector: string) => refine(RESOURCE, from, { labelSelector }),
    parsesSelector,
  ),
  overload('check', 'pathcheck_check', `${PATH}.(string) -> ${DECISION}`, decide, fixed(CHECK_COST)),
  overload('check', 'resourcecheck_check', `${RESOURCE}.(string) -> ${DECISION}`, decide, fixed(CHECK_COST)),
  overload(
    'errored',
    'decision_errored',
    `${DECISION}.() -> bool`,
    ({ data }: DecisionValue) => data.error !== undefined,
  ),
  overload(
    'error',
    'decision_error',
    `${DECISION}.() -> string`,
    ({ data }: DecisionValue) => data.error ?? '',
  ),
  overload(
    'allowed',
    'decision_allowed',
    `${DECISION}.() -> bool`,
    ({ data }: DecisionValue) => data.isAllowed,
  ),
  overload('reason', 'decision_reason', `${DECISION}.() -> string`, ({ data }: DecisionValue) => data.reason),
];
