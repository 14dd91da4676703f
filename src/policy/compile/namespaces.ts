// The labels of namespaces.
import type { Labels } from '../../k8s/labels.ts';

export type Namespaces = {
  /** Without labels it is not there. */
  readonly put: (name: string, labels: Labels | undefined) => void;
  readonly labelsOf: (name: string) => Labels | undefined;
  /** The names of those whose labels are others since the last call. */
  readonly takeChanged: () => ReadonlySet<string>;
};

export const createNamespaces = (): Namespaces => {
  const namespaces = new Map<string, Labels>();
  let changed = new Set<string>();
  return {
    put: (name, labels) => {
      if (isSame(namespaces.get(name), labels)) return;
      if (labels) namespaces.set(name, labels);
      else namespaces.delete(name);
      changed.add(name);
    },
    labelsOf: (name) => namespaces.get(name),
    takeChanged: () => {
      const taken = changed;
      changed = new Set();
      return taken;
    },
  };
};

const isSame = (a: Labels | undefined, b: Labels | undefined): boolean => {
  if (!a || !b) return a === b;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
};
