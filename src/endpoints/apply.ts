// Writes slices.
import type { ApiClient } from '../client/client.ts';
import { isNamespaceTerminating, unlessGone } from '../k8s/api-error.ts';
import type { EndpointSlice } from '../k8s/generated/types.ts';
import type { Stored } from '../k8s/objects.ts';
import { endpointSlices } from '../k8s/resources.ts';
import type { SliceChanges } from './diff.ts';
import { TRIGGER_TIME } from './state.ts';
import type { Written } from '../informer/written.ts';

export type ApplyOptions = {
  readonly client: ApiClient;
  readonly written: Written<EndpointSlice>;
  /** The key under which `written` keeps what is written. */
  readonly owner: string;
  readonly triggerTime: string | undefined;
};

/** Creates before it deletes, so that no endpoint is missing in between. Throws the first failure. */
export const applySlices = async (changes: SliceChanges, options: ApplyOptions): Promise<void> => {
  const { client, written, owner, triggerTime } = options;
  for (const slice of changes.create) {
    const created = await createUnlessTerminating(client, withTrigger(slice, triggerTime));
    if (created) written.wrote(owner, created);
  }
  for (const slice of changes.update)
    written.wrote(owner, await client.update(endpointSlices, withTrigger(slice, triggerTime)));
  for (const slice of changes.remove) {
    await unlessGone(client.delete(endpointSlices, slice.metadata, { uid: slice.metadata.uid }));
    written.deleted(owner, slice);
  }
};

/** Where a change has no time the annotation of the change before is taken away. */
const withTrigger = <T extends EndpointSlice>(slice: T, triggerTime: string | undefined): T => {
  const annotations = {
    ...slice.metadata?.annotations,
    ...(triggerTime ? { [TRIGGER_TIME]: triggerTime } : {}),
  };
  return { ...slice, metadata: { ...slice.metadata, annotations } };
};

const createUnlessTerminating = async (
  client: ApiClient,
  slice: EndpointSlice,
): Promise<Stored<EndpointSlice> | undefined> => {
  try {
    return await client.create(endpointSlices, slice);
  } catch (error) {
    if (isNamespaceTerminating(error)) return undefined; // the Service goes with its namespace
    throw error;
  }
};
