// Runs the hooks of the kinds in the API server's order, over a store that is a map: what a write makes of an object.
import type { FieldError } from '../../src/k8s/field-error.ts';
import { type KubeObject, keyOf } from '../../src/k8s/objects.ts';
import type { AdmissionContext, Allocation, Draft, Kind } from '../../src/apiserver/kind.ts';
import { createAccess } from '../../src/apiserver/auth/access.ts';
import { createKinds } from '../../src/apiserver/kinds/kinds.ts';

export const RANGES = {
  serviceCidrs: ['10.96.0.0/16', 'fd00:10:96::/112'],
  nodePortRange: { first: 30000, last: 32767 },
} as const;

export type Admission = {
  /** The object as stored; throws an Error whose message has one finding a line. */
  readonly create: <T extends KubeObject>(object: T, options?: { readonly dryRun?: boolean }) => T;
  readonly update: <T extends KubeObject>(object: T) => T;
  readonly delete: (object: KubeObject) => void;
  readonly row: (object: KubeObject, nowMs: number) => string;
  /** All that is stored of a kind. */
  readonly all: (kind: string) => readonly KubeObject[];
  /** What was warned of since the last question. */
  readonly warnings: () => readonly string[];
};

export const textOf = (errors: readonly FieldError[]): string =>
  errors.map(({ field, message }) => `${field}: ${message}`).join('\n');

/** A store with the kinds' initial objects and the service account `default` in the namespace `default`. */
export const createAdmission = (kinds: readonly Kind[] = createKinds(RANGES)): Admission => {
  const store = new Map<string, KubeObject>();
  const access = createAccess({ get: () => undefined, follow: () => {} });
  const warned: string[] = [];
  const kindOf = ({ kind }: KubeObject): Kind => kinds.find(({ resource }) => resource.kind === kind)!;
  const idOf = (object: KubeObject): string => `${object.kind} ${keyOf(object)}`;
  const context = (dryRun: boolean): AdmissionContext => ({
    nowMs: 0,
    user: { name: 'test', groups: ['system:masters'] },
    access,
    dryRun,
    get: ({ kind }, key) => store.get(`${kind} ${key}`) as never,
    list: ({ kind }) => [...store.values()].filter((object) => object.kind === kind) as never,
    listIn: ({ kind }, namespace) =>
      [...store.values()].filter(
        (object) => object.kind === kind && object.metadata?.namespace === namespace,
      ) as never,
    warn: () => {},
  });
  const finish = (allocation: Allocation | undefined, dryRun = false): void => {
    if (!allocation) return;
    if (!allocation.ok) throw new Error(textOf(allocation.errors));
    allocation.commit();
    for (const companion of dryRun ? [] : (allocation.companions ?? [])) {
      if (companion.action === 'remove') store.delete(`${companion.kind.resource.kind} ${companion.key}`);
      else store.set(idOf(companion.draft as KubeObject), companion.draft as KubeObject);
    }
  };
  const refuse = (errors: readonly FieldError[]): void => {
    if (errors.length > 0) throw new Error(textOf(errors));
  };
  store.set('ServiceAccount default/default', { kind: 'ServiceAccount' });
  for (const { resource, initial = [] } of kinds)
    for (const draft of initial) {
      const object = { ...draft, kind: resource.kind } as KubeObject;
      store.set(idOf(object), object);
    }
  return {
    create: <T extends KubeObject>(object: T, { dryRun = false } = {}): T => {
      const [kind, draft] = [kindOf(object), structuredClone(object) as Draft];
      kind.applyDefaults(draft);
      kind.admit?.(draft, context(dryRun));
      kind.prepareForCreate?.(draft, context(dryRun));
      refuse(kind.validate(draft as KubeObject, context(false)));
      warned.push(...(kind.warnings?.(draft as KubeObject, undefined, context(dryRun)) ?? []));
      finish(kind.allocate?.(draft, undefined, context(dryRun)), dryRun);
      if (!dryRun) store.set(idOf(object), draft as KubeObject);
      return draft as T;
    },
    update: <T extends KubeObject>(object: T): T => {
      const [kind, draft, before] = [
        kindOf(object),
        structuredClone(object) as Draft,
        store.get(idOf(object))!,
      ];
      if (kind.subresources.includes('status')) draft['status'] = (before as Draft)['status'];
      kind.applyDefaults(draft);
      kind.prepareForUpdate?.(draft, before, context(false));
      refuse([
        ...kind.validate(draft as KubeObject, context(false), before),
        ...(kind.validateUpdate?.(draft as KubeObject, before, context(false)) ?? []),
      ]);
      warned.push(...(kind.warnings?.(draft as KubeObject, before, context(false)) ?? []));
      finish(kind.allocate?.(draft, before, context(false)));
      store.set(idOf(object), draft as KubeObject);
      return draft as T;
    },
    delete: (object) => {
      const before = store.get(idOf(object));
      finish(kindOf(object).allocate?.(undefined, before, context(false)));
      store.delete(idOf(object));
    },
    row: (object, nowMs) => kindOf(object).row(object, nowMs).join(' | '),
    all: (kind) => [...store.values()].filter((object) => object.kind === kind),
    warnings: () => warned.splice(0),
  };
};
