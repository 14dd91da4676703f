// Which ReplicaSet has a Deployment's template, and how one that has it is named and labelled.
import { canonicalJson } from '../../lang/canonical-json.ts';
import type { Deployment, PodTemplateSpec, ReplicaSet } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { parseTime } from '../../k8s/time.ts';

export const HASH_LABEL = 'pod-template-hash';

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
