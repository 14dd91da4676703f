// Whether the owner that a reference names is there. A cache is never enough to say no: absence is asked of the server.
import type { ApiClient } from '../../client/client.ts';
import { unlessGone } from '../../k8s/api-error.ts';
import type { OwnerReference } from '../../k8s/generated/types.ts';
import type { AnyObject, Content } from '../content.ts';
import { FOREGROUND } from './compile.ts';
import type { OwnerState } from './compile.ts';

export type OwnerLookup = (reference: OwnerReference, dependent: AnyObject) => Promise<OwnerState>;

/** A uid never comes back: what was absent once stays absent. */
const ABSENT_MAX = 4096;

export const createOwnerLookup = (client: ApiClient, content: Content): OwnerLookup => {
  const absent = new Set<string>();
  const remember = (uid: string): 'absent' => {
    const oldest = absent.values().next();
    if (absent.size >= ABSENT_MAX && !oldest.done) absent.delete(oldest.value);
    absent.add(uid);
    return 'absent';
  };
  return async (reference, dependent) => {
    const { namespace } = dependent.metadata;
    const cached = content.byUid(reference.uid);
    if (cached && isInReach(cached.object, namespace)) return stateOf(cached.object);
    const key = `${namespace ?? ''} ${reference.uid}`; // the same uid can be in reach of one namespace only
    if (absent.has(key)) return 'absent';
    const found = await findLive(client, content, reference, namespace);
    if (found === 'unknown') return 'present';
    return found && found.metadata.uid === reference.uid ? stateOf(found) : remember(key);
  };
};

/** An owner is of the cluster, or of the dependent's own namespace: names reach no further. */
export const isInReach = ({ metadata }: AnyObject, namespace: string | undefined): boolean =>
  metadata.namespace === undefined || metadata.namespace === namespace;

/** `unknown`: of a kind that nobody here knows, or a namespaced owner of an object that has no namespace. */
const findLive = (
  client: ApiClient,
  content: Content,
  reference: OwnerReference,
  namespace: string | undefined,
): Promise<AnyObject | undefined | 'unknown'> => {
  const resource = content.resourceFor(reference);
  if (!resource || (resource.namespaced && namespace === undefined)) return Promise.resolve('unknown');
  const { name } = reference;
  return unlessGone(client.get(resource, resource.namespaced ? { name, namespace } : { name }));
};

const stateOf = ({ metadata }: AnyObject): OwnerState =>
  metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes(FOREGROUND) ? 'waits' : 'present';
