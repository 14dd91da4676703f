// The revisions of a StatefulSet's or a DaemonSet's template, as ControllerRevisions keep them: what `kubectl rollout
// history` lists and `kubectl rollout undo` goes back to. kubernetes pkg/controller/history/controller_history.go (1.36).
import type { ControllerRevision, PodTemplateSpec } from '../../k8s/generated/types.ts';
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import { controllerReference } from '../../k8s/owner-references.ts';
import type { Resource } from '../../k8s/resources.ts';
import { parseTime } from '../../k8s/time.ts';
import { canonicalJson } from '../../lang/canonical-json.ts';
import { contentHash } from '../hash.ts';

export type Templated = KubeObject & {
  readonly spec?: { readonly template?: PodTemplateSpec | undefined } | undefined;
};

/** A strategic merge patch that brings the template back. */
const revisionData = (template: PodTemplateSpec | undefined): Readonly<Record<string, unknown>> => ({
  spec: { template: { ...template, $patch: 'replace' } },
});

/** The template that a revision keeps. */
export const templateOf = ({ data }: Pick<ControllerRevision, 'data'>): PodTemplateSpec | undefined => {
  const { spec } = (data ?? {}) as { readonly spec?: { readonly template?: PodTemplateSpec } };
  if (!spec?.template) return undefined;
  const { $patch: _, ...template } = spec.template as PodTemplateSpec & { readonly $patch?: unknown };
  return template;
};

/** Oldest first. */
export const inOrder = (revisions: readonly Stored<ControllerRevision>[]): Stored<ControllerRevision>[] =>
  [...revisions].sort(
    (a, b) =>
      a.revision - b.revision ||
      parseTime(a.metadata.creationTimestamp) - parseTime(b.metadata.creationTimestamp) ||
      (a.metadata.name < b.metadata.name ? -1 : 1),
  );

export type HistoryStep =
  | { readonly kind: 'keep'; readonly revision: Stored<ControllerRevision> }
  /** A template from before: it becomes the newest. */
  | { readonly kind: 'raise'; readonly revision: Stored<ControllerRevision>; readonly number: number }
  | { readonly kind: 'create'; readonly number: number };

/** What makes the owner's present template the newest of its revisions. `revisions`: oldest first. */
export const newestRevision = (
  template: PodTemplateSpec | undefined,
  revisions: readonly Stored<ControllerRevision>[],
): HistoryStep => {
  const wanted = canonicalJson(template);
  const equal = revisions.findLast((each) => canonicalJson(templateOf(each)) === wanted);
  const newest = revisions.at(-1);
  const number = (newest?.revision ?? 0) + 1;
  if (!equal) return { kind: 'create', number };
  return equal === newest ? { kind: 'keep', revision: equal } : { kind: 'raise', revision: equal, number };
};

export const HASH_LABEL = 'controller.kubernetes.io/hash';
const PREFIX_MAX = 223;

/** The revision as an object; `labelled` adds the labels of the kind of its owner. */
export const revisionObject = (
  resource: Resource,
  owner: Stored<Templated>,
  number: number,
  collisionCount: number | undefined,
  labelled: (hash: string) => Readonly<Record<string, string>>,
): ControllerRevision & { readonly metadata: { readonly name: string } } => {
  const template = owner.spec?.template;
  const data = revisionData(template);
  const hash = contentHash(data, collisionCount);
  const { name, annotations } = owner.metadata;
  return {
    metadata: {
      name: `${name.slice(0, PREFIX_MAX)}-${hash}`,
      labels: { ...template?.metadata?.labels, ...labelled(hash) },
      ...(annotations ? { annotations } : {}),
      ownerReferences: [controllerReference(resource, owner)],
    },
    data,
    revision: number,
  };
};

/** The oldest revisions beyond the limit; those of pods and of the present and the next template stay. */
export const expiredRevisions = (
  revisions: readonly Stored<ControllerRevision>[],
  isLive: (revision: Stored<ControllerRevision>) => boolean,
  limit: number,
): readonly Stored<ControllerRevision>[] => {
  const history = inOrder(revisions).filter((each) => !isLive(each));
  return history.slice(0, Math.max(0, history.length - limit));
};
