// The body of a create or update as an object of its kind, strict or not, with kube-apiserver's refusals
// (k8s.io/apiserver/pkg/endpoints/handlers/create.go and rest.go, transformDecodeError).
import { apiVersionOf } from '../../k8s/resources.ts';
import type { Resource } from '../../k8s/resources.ts';
import type { Draft } from '../kind.ts';
import type { RequestContext } from '../registry.ts';
import { badRequest } from '../status-errors.ts';
import { DecodeError } from './decode.ts';
import type { Decoded } from './decode.ts';
import type { Shape } from './shape.ts';

/** What decoding needs to know of a request. */
export type Validation = Pick<RequestContext, 'fieldValidation' | 'decodingErrors' | 'warn'>;

/** A copy of the body with apiVersion and kind set. Throws a BadRequest. */
export const decodeRequest = (
  resource: Resource,
  shape: Pick<Shape, 'decode'>,
  body: unknown,
  validation: Validation,
): Draft => {
  const [apiVersion, { kind, version }] = [apiVersionOf(resource), resource];
  const refuse = (why: string): never => {
    throw badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`);
  };
  const { object, unknownFields } = decoded(shape, body, refuse);
  const problems = strictProblems(unknownFields, validation);
  if (problems.length > 0) refuse(strictError(problems));
  checkType(object, apiVersion, kind);
  return Object.assign({ apiVersion, kind }, object);
};

/** What a strict request must be refused for. Gives warnings instead if the request wants those. */
export const strictProblems = (
  unknownFields: readonly string[],
  { fieldValidation, decodingErrors, warn }: Validation,
): readonly string[] => {
  if (fieldValidation === 'Ignore') return [];
  const problems = [...decodingErrors, ...unknownFields];
  if (fieldValidation === 'Strict') return problems;
  for (const problem of problems) warn(problem);
  return [];
};

export const strictError = (problems: readonly string[]): string =>
  `strict decoding error: ${problems.join(', ')}`;

const decoded = (shape: Pick<Shape, 'decode'>, body: unknown, refuse: (why: string) => never): Decoded => {
  try {
    return shape.decode(body);
  } catch (error) {
    if (error instanceof DecodeError) return refuse(error.message);
    throw error;
  }
};

const checkType = (object: Draft, apiVersion: string, kind: string): void => {
  if (object.apiVersion !== undefined && object.apiVersion !== apiVersion)
    throw badRequest(
      `the API version in the data (${object.apiVersion}) does not match the expected API version (${apiVersion})`,
    );
  if (object.kind !== undefined && object.kind !== kind)
    throw badRequest(
      `${object.kind} in version "${apiVersion}" cannot be handled as a ${kind}: the kind in the data (${object.kind}) does not match the expected kind (${kind})`,
    );
};
