// Writes through pods/ephemeralcontainers: containers are added, and stay for ever.
// kubernetes pkg/registry/core/pod/strategy.go and pkg/apis/core/validation, ValidatePodEphemeralContainersUpdate (1.36).
import { isDeepStrictEqual } from 'node:util';
import type { Pod } from '../../k8s/generated/types.ts';
import { forbidden } from '../../k8s/field-errors.ts';
import { cloneJson } from '../../lang/json.ts';
import type { Draft } from '../kind.ts';
import { type FieldErrors, each } from './compose.ts';

/** Of the new object only its ephemeral containers count. */
export const narrowToEphemeral = (draft: Draft, before: Pod): void => {
  const { ephemeralContainers } = (draft as Pod).spec ?? {};
  const { labels, annotations, finalizers, ownerReferences } = before.metadata ?? {};
  draft.metadata = { ...draft.metadata, labels, annotations, finalizers, ownerReferences };
  const { ephemeralContainers: _, ...kept } = cloneJson(before.spec ?? { containers: [] });
  draft['spec'] = ephemeralContainers ? { ...kept, ephemeralContainers } : kept;
};

const PATH = 'spec.ephemeralContainers';

export const validateEphemeralUpdate = (pod: Pod, before: Pod): FieldErrors => {
  const byName = new Map((pod.spec?.ephemeralContainers ?? []).map((each) => [each.name, each]));
  return each(before.spec?.ephemeralContainers, PATH, (old) => {
    const now = byName.get(old.name);
    if (isDeepStrictEqual(now, old)) return [];
    const what = now ? 'changed' : 'removed';
    return [
      forbidden(PATH, `existing ephemeral containers ${JSON.stringify(old.name)} may not be ${what}\n`),
    ];
  });
};
