// Finalizers that others may meet by accident, because their names belong to no one.
// Source: k8s.io/apiextensions-apiserver/pkg/registry/customresource/validator.go, validateKubeFinalizerName.
import type { KubeObject } from '../../k8s/objects.ts';

const STANDARD: ReadonlySet<string> = new Set(['orphan', 'foregroundDeletion', 'kubernetes']);

/** Of the finalizers that are new. */
export const finalizerWarnings = (object: KubeObject, before?: KubeObject): readonly string[] => {
  const known = before?.metadata?.finalizers ?? [];
  return (object.metadata?.finalizers ?? [])
    .filter((name) => !known.includes(name) && !name.includes('/') && !STANDARD.has(name))
    .sort()
    .map((name) => `metadata.finalizers: ${JSON.stringify(name)}: ${adviceFor(name)}`);
};

const adviceFor = (name: string): string =>
  `prefer a domain-qualified finalizer name ${name.includes('.') ? 'including a path (/) ' : ''}to avoid accidental conflicts with other finalizer writers`;
