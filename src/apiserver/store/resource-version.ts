// Revisions as clients write them. They are opaque to clients, but not to us: decimal, of one counter for all kinds.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
import { badRequest } from '../status-errors.ts';

/** Undefined if nothing was asked for; 0 means "any". Throws a BadRequest for what is not a decimal number. */
export const parseResourceVersion = (text: string | undefined): number | undefined => {
  if (text === undefined || text === '') return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw badRequest(
    `invalid resource version: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
  );
};
