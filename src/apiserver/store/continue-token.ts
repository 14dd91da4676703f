// The opaque token between two pages of a list: the revision that all pages show and the key to go on from.
// k8s.io/apiserver/pkg/storage/continue.go
import { isJsonObject } from '../../lang/json.ts';
import { badRequest } from '../status-errors.ts';

export type Continuation = {
  /** Undefined: go on at the present revision, consistency with the pages before was given up. */
  readonly revision: number | undefined;
  readonly startKey: string;
};

export const encodeContinue = ({ revision, startKey }: Continuation): string =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision ?? -1, start: startKey })).toString(
    'base64url',
  );

/** Throws a BadRequest for anything but what encodeContinue made. */
export const decodeContinue = (token: string): Continuation => {
  const { v, rv, start } = parse(token);
  if (v !== 'meta.k8s.io/v1')
    throw badRequest('continue key is not valid: server does not recognize this encoded version');
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv) || rv === 0)
    throw badRequest(
      'continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)',
    );
  if (typeof start !== 'string' || start === '')
    throw badRequest('continue key is not valid: encoded start key empty (version meta.k8s.io/v1)');
  return { revision: rv < 0 ? undefined : rv, startKey: start };
};

const parse = (token: string): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    if (isJsonObject(value)) return value;
  } catch {
    // told below, like any other text that is not a token
  }
  throw badRequest('continue key is not valid');
};
