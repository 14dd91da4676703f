// Validation of metadata, the same for all kinds, in kube-apiserver's words.
// Source: k8s.io/apimachinery/pkg/api/validation/objectmeta.go (1.36).
import type { FieldError } from '../../k8s/field-error.ts';
import { forbidden, invalid, required, tooLong } from '../../k8s/field-errors.ts';
import type { ObjectMeta, OwnerReference } from '../../k8s/generated/types.ts';
import { dns1123Label, qualifiedName } from '../../k8s/name-rules.ts';
import type { Kind } from '../kind.ts';
import { labels } from '../validation/labels.ts';
import { generatedNameFindings, nameFindings } from './name.ts';

const ANNOTATIONS_BYTES_MAX = 256 << 10;
const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';

type Named = Pick<Kind, 'nameRule'> & { readonly resource: Pick<Kind['resource'], 'namespaced'> };

/** What is wrong with the metadata of a new object, or of an old one as an update would leave it. */
export const validateMeta = ({ resource, nameRule }: Named, meta: ObjectMeta): readonly FieldError[] => [
  ...(meta.generateName
    ? generatedNameFindings(nameRule, meta.generateName).map((finding) =>
        invalid('metadata.generateName', meta.generateName, finding),
      )
    : []),
  ...(meta.name
    ? nameFindings(nameRule, meta.name).map((finding) => invalid('metadata.name', meta.name, finding))
    : [required('metadata.name', 'name or generateName is required')]),
  ...(resource.namespaced ? namespaceErrors(meta.namespace) : []),
  ...labels(meta.labels, 'metadata.labels'),
  ...annotationErrors(meta.annotations ?? {}),
  ...ownerErrors(meta.ownerReferences ?? []),
  ...finalizerErrors(meta.finalizers ?? []),
];

/** What an update may not do to metadata, besides what validateMeta finds. */
export const validateMetaUpdate = (meta: ObjectMeta, before: ObjectMeta): readonly FieldError[] =>
  before.deletionTimestamp ? newFinalizerErrors(meta.finalizers ?? [], before.finalizers ?? []) : [];

const namespaceErrors = (namespace: string | undefined): readonly FieldError[] =>
  namespace
    ? dns1123Label(namespace).map((finding) => invalid('metadata.namespace', namespace, finding))
    : [required('metadata.namespace')];

const annotationErrors = (annotations: Readonly<Record<string, string>>): readonly FieldError[] => {
  const entries = Object.entries(annotations);
  const bytes = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key + value), 0);
  return [
    ...entries.flatMap(([key]) =>
      qualifiedName(key.toLowerCase()).map((finding) => invalid('metadata.annotations', key, finding)),
    ),
    ...(bytes > ANNOTATIONS_BYTES_MAX ? [tooLong('metadata.annotations', ANNOTATIONS_BYTES_MAX)] : []),
  ];
};

const OWNERS = 'metadata.ownerReferences';

const ownerErrors = (owners: readonly OwnerReference[]): readonly FieldError[] => {
  const controllers = owners.filter(({ controller }) => controller);
  const nameOf = ({ kind, name }: OwnerReference): string => `${kind}/${name}`;
  return [
    ...owners.flatMap((owner, index) => ownerFieldErrors(owner, `${OWNERS}[${index}]`)),
    ...controllers
      .slice(1)
      .map((second) =>
        invalid(
          OWNERS,
          owners,
          `Only one reference can have Controller set to true. Found "true" in references for ${nameOf(controllers[0]!)} and ${nameOf(second)}`,
        ),
      ),
  ];
};

const ownerFieldErrors = (owner: OwnerReference, path: string): readonly FieldError[] => {
  const missing = (['apiVersion', 'kind', 'name', 'uid'] as const).filter((field) => !owner[field]);
  const isEvent = owner.apiVersion === 'v1' && owner.kind === 'Event';
  return [
    ...missing.map((field) => required(`${path}.${field}`, 'must not be empty')),
    ...(owner.apiVersion && !/^[^/]+(\/[^/]+)?$/.test(owner.apiVersion)
      ? [invalid(`${path}.apiVersion`, owner.apiVersion, 'must be <group>/<version> or <version>')]
      : []),
    ...(isEvent ? [invalid(path, owner, '/v1, Kind=Event is disallowed from being an owner')] : []),
  ];
};

const FINALIZERS = 'metadata.finalizers';

const finalizerErrors = (finalizers: readonly string[]): readonly FieldError[] => [
  ...finalizers.flatMap((name) => qualifiedName(name).map((finding) => invalid(FINALIZERS, name, finding))),
  ...(finalizers.includes(ORPHAN) && finalizers.includes(FOREGROUND)
    ? [invalid(FINALIZERS, finalizers, `finalizer ${FOREGROUND} and ${ORPHAN} cannot be both set`)]
    : []),
];

const newFinalizerErrors = (after: readonly string[], before: readonly string[]): readonly FieldError[] => {
  const known = new Set(before);
  const added = after.filter((name) => !known.has(name)).sort();
  if (added.length === 0) return [];
  const list = `[]string{${added.map((name) => JSON.stringify(name)).join(', ')}}`;
  return [
    forbidden(
      FINALIZERS,
      `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`,
    ),
  ];
};
