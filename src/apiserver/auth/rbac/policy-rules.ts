// A short notation for the rules of the roles that every cluster has.
import type { PolicyRule } from '../../../k8s/generated/types.ts';

export const CORE = '';
export const READ = 'get list watch';
export const WRITE = 'create delete deletecollection patch update';
export const ALL_VERBS = 'create delete deletecollection get list patch update watch';

/** Each is a list separated by spaces; the core group is the empty word. */
export const on = (verbs: string, groups: string, resources: string, names?: string): PolicyRule => ({
  verbs: verbs.split(' '),
  apiGroups: groups.split(' '),
  resources: resources.split(' ').toSorted(),
  ...(names ? { resourceNames: names.split(' ') } : {}),
});

export const toUrls = (verbs: string, urls: string): PolicyRule => ({
  verbs: verbs.split(' '),
  nonResourceURLs: urls.split(' '),
});

/** Events live in two groups at once. */
export const EVENTS: PolicyRule = {
  verbs: ['create', 'patch', 'update'],
  apiGroups: [CORE, 'events.k8s.io'],
  resources: ['events'],
};
