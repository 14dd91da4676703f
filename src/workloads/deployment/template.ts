// Which ReplicaSet has a Deployment's template, and how one that has it is named and labelled.
import { canonicalJson } from '../../lang/canonical-json.ts';
import { fnv1a32 } from '../../lang/fnv.ts';
import type { Deployment, PodTemplateSpec, ReplicaSet } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { SAFE_LETTERS } from '../../k8s/safe-letters.ts';
import { parseTime } from '../../k8s/time.ts';

export const HASH_LABEL = 'pod-template-hash';

/**
 * A name part of at most 10 letters for a template. `collisionCount` gives another one when the name is taken. The
 * hash is podnet's own: Kubernetes' depends on Go's memory layout of the template, and changes with its versions.
 */
export const templateHash = (template: PodTemplateSpec, collisionCount: number | undefined): string => {
  const digits = String(fnv1a32(canonicalJson([template, collisionCount ?? null])));
  return digits.replace(/\d/g, (digit) => SAFE_LETTERS[digit.charCodeAt(0) % SAFE_LETTERS.length]!);
};

/** Oldest first; equal times by name. */
export const byAge = (a: Stored<ReplicaSet>, b: Stored<ReplicaSet>): number =>
  parseTime(a.metadata.creationTimestamp) - parseTime(b.metadata.creationTimestamp) ||
  (a.metadata.name < b.metadata.name ? -1 : 1);

/** The oldest ReplicaSet with the Deployment's template: after an undo that is one from before. */
export const findNewReplicaSet = (
  deployment: Stored<Deployment>,
  replicaSets: readonly Stored<ReplicaSet>[],
): Stored<ReplicaSet> | undefined => {
  const wanted = templateText(deployment.spec?.template);
  return [...replicaSets].sort(byAge).find(({ spec }) => templateText(spec?.template) === wanted);
};

const texts = new WeakMap<PodTemplateSpec, string>();

/** The template without the hash label, as comparable text. Stored objects never change, so it is computed once for each. */
const templateText = (template: PodTemplateSpec | undefined): string => {
  if (!template) return '';
  const known = texts.get(template);
  if (known !== undefined) return known;
  const { [HASH_LABEL]: _, ...labels } = template.metadata?.labels ?? {};
  const text = canonicalJson({ ...template, metadata: { ...template.metadata, labels } });
  texts.set(template, text);
  return text;
};
