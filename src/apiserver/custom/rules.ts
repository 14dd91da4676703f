// The rules of a schema (x-kubernetes-validations), as validation sees them.
import type { FieldError } from '../../k8s/field-error.ts';
import type { KubeObject } from '../../k8s/objects.ts';
import type { Schema } from './structural/schema.ts';

export type Rules = {
  readonly isEmpty: boolean;
  readonly check: (object: KubeObject, before: KubeObject | undefined) => readonly FieldError[];
};

export const NO_RULES: Rules = { isEmpty: true, check: () => [] };

/** What is wrong with the rules of a schema at a path of its definition: none if all can be compiled and afforded. */
export type CheckRules = (schema: Schema, path: string) => readonly FieldError[];
