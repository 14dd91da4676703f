// The sandboxes of this node as the compiler knows them: by their pod, as soon as the API has the pod that a sandbox is of.
import { keyOf } from '../k8s/objects.ts';
import type { PolicyCompiler } from './compile/policy-compiler.ts';

export type SandboxPod = { readonly namespace: string; readonly name: string; readonly uid: string };

export type Sandbox = { readonly pod: SandboxPod; readonly addresses: readonly string[] };

export type LocalsOptions = {
  readonly compiler: Pick<PolicyCompiler, 'upsertLocal' | 'deleteLocal'>;
  /** Of the pods that the API has, by their keys. */
  readonly uids: ReadonlyMap<string, string>;
};

export class Locals {
  readonly #options: LocalsOptions;
  /** By the pod's key: a pod may have come in the place of one whose sandbox has not ended. */
  readonly #sandboxes = new Map<string, readonly Sandbox[]>();
  readonly #podByAddress = new Map<string, string>();
  /** What the compiler was told, by the pod's key. */
  readonly #told = new Map<string, readonly string[]>();

  constructor(options: LocalsOptions) {
    this.#options = options;
  }

  /** Those of all sandboxes. */
  addresses(): readonly string[] {
    return [...this.#podByAddress.keys()];
  }

  /** Whether the API has the very pod: only then are its labels known. */
  isKnown(pod: SandboxPod): boolean {
    return this.#options.uids.get(podKey(pod)) === pod.uid;
  }

  add(sandbox: Sandbox): void {
    this.#forget(sandbox.addresses);
    const key = podKey(sandbox.pod);
    this.#sandboxes.set(key, [...(this.#sandboxes.get(key) ?? []), sandbox]);
    for (const address of sandbox.addresses) this.#podByAddress.set(address, key);
    this.refresh(key);
  }

  release(addresses: readonly string[]): void {
    for (const key of this.#forget(addresses)) this.refresh(key);
  }

  /** To be called when the pod with that key has come, or another one in its place. */
  refresh(key: string): void {
    const { compiler } = this.#options;
    const sandboxes = this.#sandboxes.get(key) ?? [];
    const wanted = Map.groupBy(sandboxes, ({ pod }) => (this.isKnown(pod) ? key : strangerKey(pod)));
    for (const local of this.#told.get(key) ?? []) if (!wanted.has(local)) compiler.deleteLocal(local);
    for (const [local, group] of wanted)
      compiler.upsertLocal(
        local,
        group.flatMap(({ addresses }) => addresses),
      );
    if (wanted.size > 0) this.#told.set(key, [...wanted.keys()]);
    else this.#told.delete(key);
  }

  /** Returns the keys of the pods that had them. */
  #forget(addresses: readonly string[]): ReadonlySet<string> {
    const keys = new Set(addresses.flatMap((address) => this.#podByAddress.get(address) ?? []));
    for (const key of keys) {
      const left = this.#sandboxes
        .get(key)!
        .filter((each) => !each.addresses.some((at) => addresses.includes(at)));
      if (left.length > 0) this.#sandboxes.set(key, left);
      else this.#sandboxes.delete(key);
    }
    for (const address of addresses) this.#podByAddress.delete(address);
    return keys;
  }
}

const podKey = ({ namespace, name }: SandboxPod): string => keyOf({ metadata: { namespace, name } });

/** No pod's key: so the sandbox is closed, whatever the pod that now has its name may do. */
const strangerKey = (pod: SandboxPod): string => `${podKey(pod)} ${pod.uid}`;
