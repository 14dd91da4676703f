// A kind's row, written with its own object type.
import type { FieldError } from '../../k8s/field-error.ts';
import type { KubeObject } from '../../k8s/objects.ts';
import type { AdmissionContext, Allocation, Cell, Kind, Reference } from '../kind.ts';
import type { Mutable } from '../defaults/mutable.ts';

type Typed<T extends KubeObject> = {
  readonly row: (object: T, nowMs: number) => readonly Cell[];
  readonly fields: Readonly<Record<string, (object: T) => string>>;
  readonly applyDefaults: (draft: Mutable<T>) => void;
  readonly prepareForCreate?: (draft: Mutable<T>, context: AdmissionContext) => void;
  readonly prepareForUpdate?: (draft: Mutable<T>, before: T, context: AdmissionContext) => void;
  readonly prepareForStatusUpdate?: (draft: Mutable<T>, before: T) => void;
  readonly validate: (object: T, context: AdmissionContext, before?: T) => readonly FieldError[];
  readonly validateUpdate?: (object: T, before: T, context: AdmissionContext) => readonly FieldError[];
  readonly validateStatus?: (object: T, before: T) => readonly FieldError[];
  readonly warnings?: (object: T, before: T | undefined, context: AdmissionContext) => readonly string[];
  readonly initial?: readonly Mutable<T>[];
  readonly awaits?: (draft: Mutable<T>, namespace: string) => Reference | undefined;
  readonly allocate?: (
    draft: Mutable<T> | undefined,
    before: T | undefined,
    context: AdmissionContext,
  ) => Allocation;
  readonly deletion?: { readonly finalizer: string; readonly mark: (object: T, nowMs: number) => T };
  readonly expiresMs?: (object: T) => number;
  readonly gracefulDelete?: (object: T, requestedSeconds: number | undefined) => number;
};

/**
 * The decoder has checked every object against the kind's schema before any of these functions sees it, so they may
 * take it as T. What T calls required can still be missing: that is for `validate` to say.
 */
export const defineKind = <T extends KubeObject>(kind: Omit<Kind, keyof Typed<T>> & Typed<T>): Kind =>
  kind as unknown as Kind;
