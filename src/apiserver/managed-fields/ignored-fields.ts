// Fields that nobody owns: what the server decides, and what a request's endpoint does not write.
// Sources: k8s.io/apimachinery/pkg/util/managedfields/internal/stripmeta.go; GetResetFields of each kind's strategy.
import { fieldElement } from './field-path.ts';
import { EMPTY, setOf } from './field-set.ts';
import type { FieldSet } from './field-set.ts';

const path = (...names: readonly string[]): readonly string[] => names.map(fieldElement);

/** Taken from whoever writes; what lies below them can still be owned. */
export const SYSTEM_FIELDS: FieldSet = setOf(
  path('apiVersion'),
  path('kind'),
  path('metadata'),
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'clusterName',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((name) => path('metadata', name)),
);

const STATUS = setOf(path('status'));
const SPEC = setOf(path('spec'));

/** What a write through the endpoint leaves as it is. */
export const ignoredBy = (subresource: string | undefined, hasStatusEndpoint: boolean): FieldSet => {
  if (subresource === 'status') return SPEC;
  return hasStatusEndpoint ? STATUS : EMPTY;
};
