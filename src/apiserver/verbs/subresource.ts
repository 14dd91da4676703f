// The subresources that take an object of their own.
import type { ObjectRef } from '../../client/client.ts';
import type { KubeObject } from '../../k8s/objects.ts';
import type { Draft, Kind } from '../kind.ts';
import type { RequestContext } from '../registry.ts';
import { methodNotSupported } from '../status-errors.ts';
import { bind } from './bind.ts';
import { evict } from './evict.ts';
import { finalize } from './finalize.ts';
import type { Machinery } from './machinery.ts';
import type { Verb } from './verb.ts';

export type SubresourceRequest = {
  readonly kind: Kind;
  readonly ref: ObjectRef;
  readonly subresource: string;
  readonly body: Draft;
};

/** Throws MethodNotAllowed for a subresource that the kind does not have, or that is not the registry's. */
export function* runSubresource(
  machinery: Machinery,
  { kind, ref, subresource, body }: SubresourceRequest,
  context: RequestContext,
): Verb<KubeObject> {
  const has = (name: Kind['subresources'][number]): boolean =>
    subresource === name && kind.subresources.includes(name);
  if (has('finalize')) return yield* finalize(machinery, kind, ref, body, context);
  if (has('binding')) yield* bind(machinery, kind, ref, body, context);
  else if (has('eviction')) yield* evict(machinery, kind, ref, body, context);
  else throw methodNotSupported(kind.resource, subresource);
  return created;
}

const created = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
