// The query parameters that every resource understands, checked as apimachinery's validation checks them.
import type { FieldError } from '../../k8s/field-error.ts';
import {
  forbidden,
  invalid as invalidField,
  notSupported,
  required,
  tooLong,
} from '../../k8s/field-errors.ts';
import { badRequest, invalid } from '../status-errors.ts';
import type { ApiError } from '../../k8s/api-error.ts';
import type { FieldValidation, ListQuery, RequestContext, WatchQuery } from '../registry.ts';
import type { ApiRequest } from './exchange.ts';

type OptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions' | 'DeleteOptions';

const FIELD_VALIDATIONS: readonly FieldValidation[] = ['Ignore', 'Strict', 'Warn'];
const FIELD_MANAGER_LENGTH_MAX = 128;

/** 422: what is wrong with a request's options, e.g. `CreateOptions.meta.k8s.io "" is invalid: dryRun: ...`. */
const invalidOption = (kind: OptionsKind, error: FieldError): ApiError =>
  invalid({ group: 'meta.k8s.io', kind }, '', [error]);

/** Who writes, and how. `decodingErrors` is what the decoder of the body found. */
export const requestContext = (
  request: ApiRequest,
  kind: OptionsKind,
  decodingErrors: readonly string[] = [],
): RequestContext => ({
  user: request.user,
  dryRun: parseDryRun(request.query.getAll('dryRun'), kind),
  fieldManager: parseFieldManager(request, kind),
  fieldValidation: parseFieldValidation(request.query.get('fieldValidation'), kind),
  decodingErrors,
  warn: request.warn,
  annotate: request.annotate,
});

export const parseDryRun = (values: readonly string[], kind: OptionsKind): boolean => {
  for (const value of values) {
    if (value !== 'All') throw invalidOption(kind, notSupported('dryRun', value, ['All']));
  }
  return values.length > 0;
};

/** An unspecified fieldValidation is Warn (KEP-2885). */
export const parseFieldValidation = (text: string | null, kind: OptionsKind): FieldValidation => {
  if (!text) return 'Warn';
  const found = FIELD_VALIDATIONS.find((each) => each === text);
  if (!found) throw invalidOption(kind, notSupported('fieldValidation', text, FIELD_VALIDATIONS));
  return found;
};

/** Whether an apply takes fields from others. It must say who applies. */
export const parseForce = (query: URLSearchParams): boolean => {
  if (!query.get('fieldManager'))
    throw invalidOption('PatchOptions', required('fieldManager', 'is required for apply patch'));
  return isTrue(query.get('force'));
};

/** Only an apply can be forced. */
export const checkNotForced = (query: URLSearchParams): void => {
  if (query.has('force'))
    throw invalidOption('PatchOptions', forbidden('force', 'may not be specified for non-apply patch'));
};

/** Without one, the name before the slash of the User-Agent. */
const parseFieldManager = ({ query, headers }: ApiRequest, kind: OptionsKind): string => {
  const given = query.get('fieldManager');
  if (!given) return managerOf(headers['user-agent'] ?? '');
  if (Buffer.byteLength(given) > FIELD_MANAGER_LENGTH_MAX)
    throw invalidOption(kind, tooLong('fieldManager', FIELD_MANAGER_LENGTH_MAX));
  const unprintable = UNPRINTABLE.exec(given);
  if (unprintable) throw invalidOption(kind, invalidField('fieldManager', given, complaint(unprintable)));
  return given;
};

/** k8s.io/apiserver/pkg/endpoints/handlers/create.go, prefixFromUserAgent. */
const managerOf = (userAgent: string): string =>
  userAgent
    .split('/')[0]!
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, '')
    .slice(0, FIELD_MANAGER_LENGTH_MAX);

// Go's unicode.IsPrint: letters, marks, numbers, punctuation, symbols, and of the spaces only the ASCII one.
const UNPRINTABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u;

const complaint = ({ 0: character, index }: RegExpExecArray): string => {
  const code = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
  return `invalid character U+${code} (at position ${index})`;
};

export const parseListQuery = (query: URLSearchParams, namespace: string | undefined): ListQuery => ({
  ...parseSelection(query, namespace),
  limit: parseInteger(query, 'limit'),
  continue: query.get('continue') || undefined,
  resourceVersion: query.get('resourceVersion') || undefined,
  resourceVersionMatch: query.get('resourceVersionMatch') || undefined,
});

export const parseWatchQuery = (query: URLSearchParams, namespace: string | undefined): WatchQuery => ({
  ...parseSelection(query, namespace),
  resourceVersion: query.get('resourceVersion') || undefined,
  resourceVersionMatch: query.get('resourceVersionMatch') || undefined,
  allowWatchBookmarks: isTrue(query.get('allowWatchBookmarks')),
  ...(query.has('sendInitialEvents') ? { sendInitialEvents: isTrue(query.get('sendInitialEvents')) } : {}),
});

export const parseSelection = (query: URLSearchParams, namespace: string | undefined) => ({
  namespace,
  labelSelector: query.get('labelSelector') || undefined,
  fieldSelector: query.get('fieldSelector') || undefined,
});

/** Undefined when absent; throws 400 for what is not a whole number. */
export const parseInteger = (query: URLSearchParams, name: string): number | undefined => {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^-?\d{1,15}$/.test(text))
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
};

const isTrue = (text: string | null): boolean => text !== null && text !== 'false' && text !== '0';
