// Rules for which indexes a Job's status says have succeeded and failed.
import { invalid } from '../../../k8s/field-errors.ts';
import type { Job } from '../../../k8s/generated/types.ts';
import { type FieldErrors, when } from '../compose.ts';
import { overlapOf, parseIndexes } from './indexes.ts';

/** A Job after and before the update. */
export type Transition = { readonly after: Job; readonly before: Job };

const COMPLETED = 'status.completedIndexes';
const FAILED = 'status.failedIndexes';

/** Only of those that the update changes: a Job that has been made smaller may have others for a moment. */
export const validateIndexStatus = ({ after, before }: Transition): FieldErrors => {
  const { completedIndexes: completed = '', failedIndexes: failed } = after.status ?? {};
  const isNewlyCompleted = completed !== (before.status?.completedIndexes ?? '');
  const isNewlyFailed = failed !== before.status?.failedIndexes;
  return [
    ...(isNewlyCompleted ? completedIndexes(after, completed) : []),
    ...(isNewlyFailed && failed !== undefined ? failedIndexes(after, failed) : []),
    ...(isNewlyCompleted || isNewlyFailed ? overlap(after, completed, failed ?? '') : []),
  ];
};

const completedIndexes = ({ spec }: Job, text: string): FieldErrors => [
  ...wrongIndexes(text, spec?.completions, COMPLETED),
  ...when(text !== '' && spec?.completionMode !== 'Indexed', () =>
    invalid(COMPLETED, text, 'cannot set non-empty completedIndexes when non-indexed completion mode'),
  ),
];

const failedIndexes = ({ spec }: Job, text: string): FieldErrors =>
  spec?.backoffLimitPerIndex === undefined
    ? [invalid(FAILED, text, 'cannot set non-null failedIndexes when backoffLimitPerIndex is null')]
    : wrongIndexes(text, spec.completions, FAILED);

const wrongIndexes = (text: string, completions: number | undefined, path: string): FieldErrors => {
  const indexes = completions === undefined ? undefined : parseIndexes(text, completions);
  if (!indexes || indexes.ok) return [];
  return [invalid(path, text, `error parsing ${path.replace('status.', '')}: ${indexes.reason}`)];
};

const overlap = ({ spec }: Job, completed: string, failed: string): FieldErrors => {
  const index = spec?.completions === undefined ? undefined : overlapOf(completed, failed, spec.completions);
  return when(index !== undefined, () =>
    invalid(FAILED, failed, `failedIndexes and completedIndexes overlap at index: ${index}`),
  );
};
