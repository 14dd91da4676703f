// Which combinations of resourceVersion, resourceVersionMatch and sendInitialEvents make sense.
// Rules and texts: k8s.io/apimachinery/pkg/apis/internalversion/validation/validation.go (1.36).
import type { FieldError } from '../../k8s/field-error.ts';
import { forbidden, notSupported } from '../../k8s/field-errors.ts';
import type { ListQuery, WatchQuery } from '../registry.ts';
import { invalid } from '../status-errors.ts';

const MATCH = 'resourceVersionMatch';

/** Throws Invalid. */
export const checkListQuery = (query: ListQuery): void => {
  const { resourceVersionMatch: match, resourceVersion, continue: token } = query;
  if (!match) return;
  refuse([
    ...(resourceVersion
      ? []
      : [forbidden(MATCH, `${MATCH} is forbidden unless resourceVersion is provided`)]),
    ...(token ? [forbidden(MATCH, `${MATCH} is forbidden when continue is provided`)] : []),
    ...(match === 'Exact' || match === 'NotOlderThan'
      ? []
      : [notSupported(MATCH, match, ['Exact', 'NotOlderThan', ''])]),
    ...(match === 'Exact' && resourceVersion === '0'
      ? [forbidden(MATCH, `${MATCH} "exact" is forbidden for resourceVersion "0"`)]
      : []),
  ]);
};

/** Throws Invalid. */
export const checkWatchQuery = (query: WatchQuery): void => {
  const { resourceVersionMatch: match, sendInitialEvents } = query;
  refuse([
    ...(sendInitialEvents !== undefined && match !== 'NotOlderThan'
      ? [forbidden(MATCH, `sendInitialEvents requires setting ${MATCH} to NotOlderThan`)]
      : []),
    ...(match && sendInitialEvents === undefined
      ? [forbidden(MATCH, `${MATCH} is forbidden for watch unless sendInitialEvents is provided`)]
      : []),
    ...(match && match !== 'NotOlderThan' ? [notSupported(MATCH, match, ['NotOlderThan'])] : []),
  ]);
};

const refuse = (errors: readonly FieldError[]): void => {
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors);
};
