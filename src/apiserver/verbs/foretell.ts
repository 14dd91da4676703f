// What a dry run says beside its answer: what the write would bring about, as others than the API know.
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import type { Resource } from '../../k8s/resources.ts';
import type { Kind } from '../kind.ts';
import type { RequestContext } from '../registry.ts';
import { admissionContext } from './machinery.ts';
import type { Machinery } from './machinery.ts';

/** A write that is not carried out. */
export type ForetoldWrite = {
  readonly resource: Resource;
  /** Undefined for a new object. */
  readonly before: KubeObject | undefined;
  /** Undefined for one that goes. */
  readonly after: KubeObject | undefined;
  readonly fieldManager: string;
};

export type ForetellContext = {
  readonly list: <T extends KubeObject>(resource: Resource<T>) => readonly Stored<T>[];
  /** Whether who asks may list the objects, of all namespaces: only then they may be told of. */
  readonly mayList: (resource: Resource) => boolean;
};

/** Each text becomes a `Warning: 299` header. Must not throw, and be quick: everybody waits. */
export type Foretell = (write: ForetoldWrite, context: ForetellContext) => readonly string[];

export const foretell = (
  machinery: Machinery,
  kind: Kind,
  objects: Pick<ForetoldWrite, 'before' | 'after'>,
  context: RequestContext,
): void => {
  if (!machinery.foretell) return;
  const { list } = admissionContext(machinery, context);
  const mayList = ({ group, version, resource }: Resource): boolean =>
    machinery.access.authorize(context.user, { kind: 'resource', verb: 'list', group, version, resource })
      .allowed;
  const write = { ...objects, resource: kind.resource, fieldManager: context.fieldManager };
  for (const text of machinery.foretell(write, { list, mayList })) context.warn(text);
};
