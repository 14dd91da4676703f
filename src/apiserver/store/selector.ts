// Which objects of a kind a list or a watch is about: namespace, labels and fields as one predicate.
import { matchesFields, parseFieldSelector } from '../../k8s/fields.ts';
import type { FieldRequirements } from '../../k8s/fields.ts';
import { SelectorError, matchesLabels, parseLabelSelector } from '../../k8s/labels.ts';
import { joinKey } from '../../k8s/objects.ts';
import { ownValue } from '../../lang/own-value.ts';
import type { Kind } from '../kind.ts';
import type { Selection } from '../registry.ts';
import { badRequest } from '../status-errors.ts';
import type { Matcher, StoredObject } from './change.ts';

export type Selector = {
  /** The same text for the same selection of one kind. */
  readonly id: string;
  readonly namespace: string | undefined;
  /** Whether labels or fields are selected, not the namespace only. */
  readonly isFiltering: boolean;
  /** The selection names one object: its key. */
  readonly onlyKey: string | undefined;
  readonly matches: Matcher;
  /** What the selection shows of a stored object; left out: the object. */
  readonly view?: Kind['view'];
};

/** Throws a BadRequest for a selector that cannot be read or a field that the kind does not offer. */
export const selectorOf = (kind: Kind, selection: Selection): Selector => {
  const { labelSelector = '', fieldSelector = '' } = selection;
  const namespace = kind.resource.namespaced ? selection.namespace || undefined : undefined;
  const labels = readable(() => parseLabelSelector(labelSelector));
  const fields = readable(() => parseFieldSelector(fieldSelector));
  const readers = new Map(fields.map(({ field }) => [field, fieldReader(kind, field)]));
  const { view } = kind;
  return {
    id: JSON.stringify([namespace, labelSelector, fieldSelector, ...(view ? [kind.resource.version] : [])]),
    namespace,
    isFiltering: labels.length + fields.length > 0,
    onlyKey: onlyKeyOf(kind, namespace, fields),
    matches: (object) =>
      (namespace === undefined || object.metadata.namespace === namespace) &&
      matchesLabels(labels, object.metadata.labels) &&
      matchesFields(fields, (field) => readers.get(field)!(view ? view(object) : object)),
    ...(view && { view }),
  };
};

/** The object as the selection shows it. */
export const viewed = ({ view }: Pick<Selector, 'view'>, object: StoredObject): StoredObject =>
  view ? view(object) : object;

type FieldReader = (object: StoredObject) => string;

const fieldReader = ({ fields }: Kind, field: string): FieldReader => {
  if (field === 'metadata.name') return ({ metadata }) => metadata.name;
  if (field === 'metadata.namespace') return ({ metadata }) => metadata.namespace ?? '';
  const reader = ownValue(fields, field);
  if (reader) return reader;
  throw badRequest(
    Object.keys(fields).length > 0
      ? `field label not supported: ${field}`
      : `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`,
  );
};

const onlyKeyOf = (
  { resource }: Kind,
  namespace: string | undefined,
  fields: FieldRequirements,
): string | undefined => {
  const name = fields.find(({ field, operator }) => field === 'metadata.name' && operator === '=')?.value;
  if (name === undefined || (resource.namespaced && namespace === undefined)) return undefined;
  return joinKey(namespace, name);
};

const readable = <T>(parse: () => T): T => {
  try {
    return parse();
  } catch (error) {
    if (error instanceof SelectorError) throw badRequest(error.message);
    throw error;
  }
};
