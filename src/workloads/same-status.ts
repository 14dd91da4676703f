// Whether a status is worth a write: the API leaves zeros, empty lists and empty texts out.
import { isDeepStrictEqual } from 'node:util';

export const isSameStatus = (before: object | undefined, after: object): boolean =>
  isDeepStrictEqual(comparable(before ?? {}), comparable(after));

const comparable = (status: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(status).filter(
      ([, value]) => Boolean(value) && (value as { length?: number }).length !== 0,
    ),
  );
