// How an object is to be deleted: DeleteOptions in the body, or its fields as query parameters when there is no body.
import type { DeleteRequest } from '../../client/client.ts';
import { deleteRequestOf } from '../verbs/delete-request.ts';
import type { DeleteOptions } from '../verbs/delete-request.ts';
import { decodeBody } from './decode-body.ts';
import type { ApiRequest } from './exchange.ts';
import { parseDryRun, parseInteger } from './request-options.ts';

export const readDeleteOptions = async (
  request: ApiRequest,
): Promise<{ readonly options: DeleteRequest; readonly dryRun: boolean }> => {
  const body = await request.body();
  const given = body.length > 0 ? await decodeOptions(request, body) : optionsIn(request.query);
  const dryRun = [...(given.dryRun ?? []), ...request.query.getAll('dryRun')];
  return { options: deleteRequestOf(given), dryRun: parseDryRun(dryRun, 'DeleteOptions') };
};

// Its apiVersion may be that of any group that serves it, so the body says what is expected.
const decodeOptions = async (request: ApiRequest, body: Buffer): Promise<DeleteOptions> => {
  const { object } = await decodeBody(body, {
    contentType: request.headers['content-type'],
    expected: { apiVersion: undefined, kind: 'DeleteOptions' },
    findsDuplicates: false,
  });
  return object as DeleteOptions;
};

const optionsIn = (query: URLSearchParams): DeleteOptions => ({
  gracePeriodSeconds: parseInteger(query, 'gracePeriodSeconds') ?? null,
  propagationPolicy: query.get('propagationPolicy'),
  orphanDependents: query.has('orphanDependents') ? query.get('orphanDependents') === 'true' : null,
});
