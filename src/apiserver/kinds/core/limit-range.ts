import type { LimitRange, LimitRangeItem } from '../../../k8s/generated/types.ts';
import { limitRanges } from '../../../k8s/resources.ts';
import { CREATED_AT, NAME, createdCell, nameCell } from '../../columns/columns.ts';
import type { Mutable } from '../../defaults/mutable.ts';
import { canonicalResources } from '../../defaults/resources.ts';
import { validateLimitRange } from '../../validation/limit-range.ts';
import { defineKind } from '../define-kind.ts';

export const limitRangeKind = defineKind<LimitRange>({
  resource: limitRanges,
  singular: 'limitrange',
  shortNames: ['limits'],
  categories: [],
  definition: 'io.k8s.api.core.v1.LimitRange',
  nameRule: 'dns1123Subdomain',
  subresources: [],
  columns: [NAME, CREATED_AT],
  row: (range) => [nameCell(range), createdCell(range)],
  fields: {},
  applyDefaults: ({ spec }) => {
    for (const item of spec?.limits ?? []) defaultItem(item);
  },
  validate: validateLimitRange,
});

/** For containers: the default limit is the maximum, the default request is the default limit, else the minimum. */
const defaultItem = (item: Mutable<LimitRangeItem>): void => {
  for (const list of [item.max, item.min, item.default, item.defaultRequest, item.maxLimitRequestRatio])
    canonicalResources(list);
  if (item.type !== 'Container') return;
  const most = { ...item.max, ...item.default };
  if (Object.keys(most).length > 0) item.default = most;
  const request = { ...item.min, ...most, ...item.defaultRequest };
  if (Object.keys(request).length > 0) item.defaultRequest = request;
};
