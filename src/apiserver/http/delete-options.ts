// How an object is to be deleted: DeleteOptions in the body, or its fields as query parameters when there is no body.
import type { DeleteRequest } from '../../client/client.ts';
import { invalid, notSupported } from '../../k8s/field-errors.ts';
import type { Draft } from '../kind.ts';
import { decodeBody } from './decode-body.ts';
import type { ApiRequest } from './exchange.ts';
import { invalidOption, parseDryRun, parseInteger } from './request-options.ts';

type DeleteOptions = Draft & {
  readonly gracePeriodSeconds?: number | null;
  readonly propagationPolicy?: string | null;
  /** Deprecated since 1.7; old clients still send it. */
  readonly orphanDependents?: boolean | null;
  readonly dryRun?: readonly string[] | null;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string } | null;
};

const POLICIES = ['Background', 'Foreground', 'Orphan'] as const;

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
  return object;
};

const optionsIn = (query: URLSearchParams): DeleteOptions => ({
  gracePeriodSeconds: parseInteger(query, 'gracePeriodSeconds') ?? null,
  propagationPolicy: query.get('propagationPolicy'),
  orphanDependents: query.has('orphanDependents') ? query.get('orphanDependents') === 'true' : null,
});

const deleteRequestOf = (given: DeleteOptions): DeleteRequest => {
  const { uid, resourceVersion } = given.preconditions ?? {};
  const { gracePeriodSeconds } = given;
  const propagationPolicy = policyOf(given);
  if (typeof gracePeriodSeconds === 'number' && gracePeriodSeconds < 0)
    throw invalidOption(
      'DeleteOptions',
      invalid('gracePeriodSeconds', gracePeriodSeconds, 'must be greater than or equal to 0'),
    );
  return {
    ...(uid ? { uid } : {}),
    ...(resourceVersion ? { resourceVersion } : {}),
    ...(typeof gracePeriodSeconds === 'number' ? { gracePeriodSeconds } : {}),
    ...(propagationPolicy ? { propagationPolicy } : {}),
  };
};

const policyOf = ({
  propagationPolicy,
  orphanDependents,
}: DeleteOptions): DeleteRequest['propagationPolicy'] => {
  if (propagationPolicy) {
    const found = POLICIES.find((each) => each === propagationPolicy);
    if (!found)
      throw invalidOption('DeleteOptions', notSupported('propagationPolicy', propagationPolicy, POLICIES));
    return found;
  }
  if (typeof orphanDependents !== 'boolean') return undefined;
  return orphanDependents ? 'Orphan' : 'Background';
};
