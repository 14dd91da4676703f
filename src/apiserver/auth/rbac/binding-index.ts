// Who is bound to which roles: the bindings by namespace and subject, so that a decision looks at those of its user only.
import type { RoleBinding, Subject as BoundSubject } from '../../../k8s/generated/types.ts';
import type { Stored } from '../../../k8s/objects.ts';
import { type Subject, accountUserName } from '../users.ts';

/** A ClusterRoleBinding has the same fields, and no namespace. */
export type Binding = Stored<RoleBinding>;

/** A binding, and the subject of it that made it apply. */
export type Grant = { readonly binding: Binding; readonly subject: BoundSubject };

/** Owns the index. A change costs as much as the binding has subjects. */
export class BindingIndex {
  readonly #grants = new Map<string, Map<string, Grant>>();
  readonly #idsByBinding = new Map<string, readonly string[]>();

  /** The binding under this key as it is now; undefined: deleted. */
  set(key: string, binding: Binding | undefined): void {
    this.#remove(key);
    if (!binding) return;
    const ids: string[] = [];
    for (const subject of binding.subjects ?? []) {
      const id = idOf(binding.metadata.namespace ?? '', subject);
      if (id === undefined) continue;
      const grants = this.#grants.get(id) ?? new Map<string, Grant>();
      this.#grants.set(id, grants);
      if (!grants.has(key)) grants.set(key, { binding, subject });
      ids.push(id);
    }
    this.#idsByBinding.set(key, ids);
  }

  /** What applies to the user in a namespace; '' for ClusterRoleBindings. A binding may come twice, by user and by group. */
  *grantsOf({ name, groups }: Subject, namespace: string): Generator<Grant, void> {
    yield* this.#grants.get(userId(namespace, name))?.values() ?? [];
    for (const group of groups) yield* this.#grants.get(groupId(namespace, group))?.values() ?? [];
  }

  #remove(key: string): void {
    for (const id of this.#idsByBinding.get(key) ?? []) {
      const grants = this.#grants.get(id);
      grants?.delete(key);
      if (grants?.size === 0) this.#grants.delete(id);
    }
    this.#idsByBinding.delete(key);
  }
}

// Namespaces have no spaces, so ids are unambiguous.
const userId = (namespace: string, name: string): string => `${namespace} user ${name}`;
const groupId = (namespace: string, name: string): string => `${namespace} group ${name}`;

/** A ServiceAccount without a namespace is one of the binding's own; a ClusterRoleBinding has none to offer. */
const idOf = (namespace: string, subject: BoundSubject): string | undefined => {
  const { kind, name } = subject;
  if (kind === 'User') return userId(namespace, name);
  if (kind === 'Group') return groupId(namespace, name);
  const own = subject.namespace || namespace;
  return kind === 'ServiceAccount' && own ? userId(namespace, accountUserName(own, name)) : undefined;
};
