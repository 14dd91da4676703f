// Fields that an apply would take from other managers, and kube-apiserver's words for that.
// Source: k8s.io/apimachinery/pkg/util/managedfields/internal/conflict.go.
import type { Comparison } from './compare.ts';
import { pathText } from './field-path.ts';
import { intersection, pathsOf, union } from './field-set.ts';
import type { FieldPath } from './field-set.ts';
import type { Entry } from './managers.ts';

export type Conflict = { readonly entry: Entry; readonly path: FieldPath };

/** By manager, then by path. */
export const conflictsOf = (
  others: readonly Entry[],
  { added, modified }: Comparison,
): readonly Conflict[] => {
  const changed = union(modified, added);
  return [...others]
    .sort((a, b) => (a.manager < b.manager ? -1 : 1))
    .flatMap((entry) => pathsOf(intersection(entry.fieldsV1, changed)).map((path) => ({ entry, path })));
};

/** `Apply failed with 1 conflict: conflict with "kubectl" using apps/v1: .spec.replicas` */
export const conflictMessage = (conflicts: readonly Conflict[]): string => {
  if (conflicts.length === 1)
    return `Apply failed with 1 conflict: ${causeOf(conflicts[0]!)}: ${pathText(conflicts[0]!.path)}`;
  const managers = [...new Set(conflicts.map(({ entry }) => managerText(entry)))];
  const lines = managers.flatMap((manager) => [
    `conflicts with ${manager}:`,
    ...conflicts
      .filter(({ entry }) => managerText(entry) === manager)
      .map(({ path }) => `- ${pathText(path)}`),
  ]);
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`;
};

/** `conflict with "kubectl" using apps/v1` */
export const causeOf = ({ entry }: Conflict): string => `conflict with ${managerText(entry)}`;

const managerText = ({ manager, operation, apiVersion, subresource }: Entry): string =>
  [
    JSON.stringify(manager),
    ...(subresource ? [`with subresource ${JSON.stringify(subresource)}`] : []),
    ...(operation === 'Update' ? [`using ${apiVersion}`] : []),
  ].join(' ');
