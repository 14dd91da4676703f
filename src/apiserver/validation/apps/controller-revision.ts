// Rules for ControllerRevisions: what was, stays (kubernetes pkg/apis/apps/validation/validation.go).
import { invalid, required } from '../../../k8s/field-errors.ts';
import type { ControllerRevision } from '../../../k8s/generated/types.ts';
import { equalJson, isJsonObject } from '../../../lang/json.ts';
import { type FieldErrors, when } from '../compose.ts';
import { FIELD_IMMUTABLE, notNegative } from '../scalars.ts';

export const validateControllerRevision = ({ revision, data }: ControllerRevision): FieldErrors => [
  ...notNegative(revision, 'revision'),
  ...when(data === undefined || data === null, () => required('data', 'data is mandatory')),
  ...when(data !== undefined && data !== null && !isJsonObject(data), () =>
    required('data', 'data must be a valid JSON object'),
  ),
];

export const validateControllerRevisionUpdate = (
  { data }: ControllerRevision,
  { data: before }: ControllerRevision,
): FieldErrors => when(!equalJson(data, before), () => invalid('data', data, FIELD_IMMUTABLE));
