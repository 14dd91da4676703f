// A request's body as an object: from JSON, YAML or protobuf, with what is wrong in it that a decoder can see.
import { ApiError } from '../../k8s/api-error.ts';
import type { Draft } from '../kind.ts';
import { duplicateFields } from './duplicate-fields.ts';
import { badRequest } from '../status-errors.ts';
import { withinLevels } from './nesting.ts';
import { readYaml } from './read-yaml.ts';
import { unsupportedMediaType } from './http-errors.ts';

export type DecodedBody = {
  readonly object: Draft;
  /** Fields that stand twice, as kube-apiserver's strict decoder words them. */
  readonly decodingErrors: readonly string[];
};

/** What the path says the body must be; a body without apiVersion and kind is taken for that. Undefined: any. */
export type ExpectedType = { readonly apiVersion: string | undefined; readonly kind: string };

export type BodyOptions = {
  /** The Content-Type header. */
  readonly contentType: string | undefined;
  readonly expected: ExpectedType;
  /** False for fieldValidation=Ignore: then nobody wants to know. */
  readonly findsDuplicates: boolean;
};

/** Throws ApiError: 415 for a type that is not served, 400 for a body that cannot be read as `expected`. */
export const decodeBody = async (body: Buffer, options: BodyOptions): Promise<DecodedBody> => {
  const decoded = await parseBody(body, options);
  withinLevels(decoded.object, body.length);
  return { ...decoded, object: typed(decoded.object, options.expected) };
};

const parseBody = async (body: Buffer, options: BodyOptions): Promise<DecodedBody> => {
  switch (mediaTypeOf(options.contentType)) {
    case '':
    case 'application/json':
      return decodeJson(body.toString('utf8'), options);
    case 'application/yaml':
      return decodeYaml(body.toString('utf8'), options.expected);
    case 'application/vnd.kubernetes.protobuf':
      return decodeProtobuf(body, options.expected);
    default:
      throw unsupportedMediaType();
  }
};

/** `application/json` of `application/json; charset=utf-8`. */
export const mediaTypeOf = (contentType: string | undefined): string =>
  (contentType ?? '').split(';')[0]!.trim().toLowerCase();

/** The JSON value of a body that is not an object of a kind: a patch. Throws 400. */
export const parseJson = (text: string): unknown => {
  try {
    return withinLevels(JSON.parse(text) as unknown, text.length);
  } catch (error) {
    throw badRequest(`error decoding: ${(error as Error).message}`);
  }
};

const decodeJson = (text: string, { expected, findsDuplicates }: BodyOptions): DecodedBody => {
  const value = attempt(expected, 'json', () => JSON.parse(text) as unknown);
  return {
    object: objectOf(value, expected),
    decodingErrors: findsDuplicates ? duplicateFields(text) : [],
  };
};

const decodeYaml = async (text: string, expected: ExpectedType): Promise<DecodedBody> => {
  try {
    const { value, duplicates } = await readYaml(text);
    return {
      object: objectOf(value, expected),
      decodingErrors: duplicates.map((each) => `yaml: unmarshal errors: ${each}`),
    };
  } catch (error) {
    throw error instanceof ApiError ? error : unreadable(expected, 'yaml', error);
  }
};

const decodeProtobuf = async (body: Buffer, expected: ExpectedType): Promise<DecodedBody> => {
  const { decodeProtobufObject } = await import('../protobuf/decode-object.ts');
  const value = attempt(expected, 'protobuf', () => decodeProtobufObject(body));
  return { object: objectOf(value, expected), decodingErrors: [] };
};

const attempt = <T>(expected: ExpectedType, format: string, parse: () => T): T => {
  try {
    return parse();
  } catch (error) {
    throw unreadable(expected, format, error);
  }
};

const unreadable = ({ kind }: ExpectedType, format: string, error: unknown): ApiError => {
  const why = `couldn't get version/kind; ${format} parse error: ${(error as Error).message}`;
  return badRequest(`the object provided is unrecognized (must be of type ${kind}): ${why}`);
};

const objectOf = (value: unknown, expected: ExpectedType): Draft => {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Draft;
  const found = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
  throw cannotHandle(
    expected.kind,
    expected,
    `json: cannot unmarshal ${found} into Go value of type ${expected.kind}`,
  );
};

const typed = (object: Draft, expected: ExpectedType): Draft => {
  const { apiVersion = expected.apiVersion, kind = expected.kind } = object;
  if (expected.apiVersion !== undefined && apiVersion !== expected.apiVersion)
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${expected.apiVersion})`,
    );
  if (kind !== expected.kind)
    throw cannotHandle(kind, expected, `no kind "${kind}" is registered for this resource`);
  return { ...object, ...(apiVersion === undefined ? {} : { apiVersion }), kind };
};

const cannotHandle = (kind: string, { apiVersion, kind: expected }: ExpectedType, why: string) => {
  const version = apiVersion?.split('/').at(-1) ?? 'v1';
  return badRequest(`${kind} in version "${version}" cannot be handled as a ${expected}: ${why}`);
};
