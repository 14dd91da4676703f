// Writes what the history of a template needs.
import type { ApiClient } from '../../client/client.ts';
import type { Informer } from '../../informer/informer.ts';
import { isAlreadyExists, unlessGone } from '../../k8s/api-error.ts';
import type { ControllerRevision, LabelSelector } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { type Resource, controllerRevisions } from '../../k8s/resources.ts';
import { equalJson } from '../../lang/json.ts';
import { planClaims } from '../claim.ts';
import { applyClaims } from '../claim-apply.ts';
import { BY_CONTROLLER, ORPHANS } from '../indexes.ts';
import { type Templated, inOrder, newestRevision, revisionObject } from './history.ts';

/** Another template has the name that this one's hash gives: the next try takes another collision count. */
export class HashCollision extends Error {
  override readonly name = 'HashCollision';
}

export type HistoryOptions<T extends Templated> = {
  readonly client: ApiClient;
  readonly controllerRevisions: Informer<ControllerRevision>;
  readonly resource: Resource<T>;
  readonly owner: Stored<T>;
  readonly selector: LabelSelector | undefined;
  readonly collisionCount: number | undefined;
  readonly labelled: (hash: string) => Readonly<Record<string, string>>;
};

export type History = {
  /** Oldest first, with `newest`. */
  readonly all: readonly Stored<ControllerRevision>[];
  /** The present template's. */
  readonly newest: Stored<ControllerRevision>;
};

/** Makes the present template the newest revision. Throws HashCollision, and ApiError. */
export const keepHistory = async <T extends Templated>(options: HistoryOptions<T>): Promise<History> => {
  const { client, resource, owner, collisionCount, labelled } = options;
  const revisions = inOrder(await claimRevisions(options));
  const step = newestRevision(owner.spec?.template, revisions);
  switch (step.kind) {
    case 'keep':
      return { all: revisions, newest: step.revision };
    case 'raise': {
      const newest = await client.update(controllerRevisions, { ...step.revision, revision: step.number });
      return { all: [...revisions.filter((each) => each !== step.revision), newest], newest };
    }
    case 'create': {
      const wanted = revisionObject(resource, owner, step.number, collisionCount, labelled);
      const newest = await create(client, owner, wanted);
      return { all: [...revisions, newest], newest };
    }
  }
};

/** The revision may be there already, and the cache late. */
const create = async (
  client: ApiClient,
  owner: Stored<Templated>,
  wanted: ReturnType<typeof revisionObject>,
): Promise<Stored<ControllerRevision>> => {
  const { namespace } = owner.metadata;
  try {
    return await client.create(controllerRevisions, wanted, namespace);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const present = await client.get(controllerRevisions, { name: wanted.metadata.name, namespace });
    if (equalJson(present.data, wanted.data)) return present;
    throw new HashCollision(`another template has the name ${wanted.metadata.name}`);
  }
};

const claimRevisions = <T extends Templated>({
  client,
  controllerRevisions: informer,
  resource,
  owner,
  selector,
}: HistoryOptions<T>): Promise<readonly Stored<ControllerRevision>[]> => {
  const { uid, namespace = '', deletionTimestamp } = owner.metadata;
  const claims = planClaims({ uid, selector, isDeleting: deletionTimestamp !== undefined }, [
    ...informer.byIndex(BY_CONTROLLER, uid),
    ...informer.byIndex(ORPHANS, namespace),
  ]);
  return applyClaims({ client, ownerResource: resource, owner, resource: controllerRevisions, claims });
};

export const deleteRevisions = async (
  client: ApiClient,
  revisions: readonly Stored<ControllerRevision>[],
): Promise<void> => {
  await Promise.all(
    revisions.map(({ metadata }) =>
      unlessGone(client.delete(controllerRevisions, metadata, { uid: metadata.uid })),
    ),
  );
};
