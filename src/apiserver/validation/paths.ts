// Rules for file paths inside volumes.
import { invalid } from '../../k8s/field-errors.ts';
import { type FieldErrors, when } from './compose.ts';

/** No element is `..`: the path cannot leave its folder. */
export const noBacksteps = (text: string, path: string): FieldErrors =>
  when(text.split('/').includes('..'), () => invalid(path, text, "must not contain '..'"));

export const descending = (text: string, path: string): FieldErrors => [
  ...when(text.startsWith('/'), () => invalid(path, text, 'must be a relative path')),
  ...noBacksteps(text, path),
];

/** Besides, names that begin with `..` are the kubelet's own. */
export const descendingUnreserved = (text: string, path: string): FieldErrors => [
  ...descending(text, path),
  ...when(text.startsWith('..') && !text.split('/').includes('..'), () =>
    invalid(path, text, "must not start with '..'"),
  ),
];
