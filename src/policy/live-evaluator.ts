// The evaluator over a world that goes on changing. A change of a pod costs the same however many there are; after one of
// policies or namespaces the policies of a pod are looked for anew when it is asked about.
import { formatAddress } from '../ip/address.ts';
import type { Address } from '../ip/address.ts';
import { evaluatorBy, inOrder, narrowed } from './model/evaluate.ts';
import type { Evaluate, Rulebook } from './model/evaluate.ts';
import type { Party } from './model/match.ts';
import type { PolicyNode, PolicyPod, World } from './model/world.ts';

export type LiveEvaluator = {
  /** Undefined: there is none any more. */
  readonly setPod: (key: string, pod: PolicyPod | undefined) => void;
  readonly setNode: (name: string, node: PolicyNode | undefined) => void;
  /** Policies or namespaces are others. */
  readonly forgetRules: () => void;
  /** To be used within one turn. */
  readonly now: () => Evaluate;
};

/** `world` gives what there is besides pods and nodes, as it is when it is asked. */
export const createLiveEvaluator = (
  world: () => Pick<World, 'policies' | 'namespaces' | 'domains'>,
): LiveEvaluator => {
  const [pods, nodes] = [createOwners<PolicyPod>(), createOwners<PolicyNode>()];
  let rulebookOf: ((pod: PolicyPod) => Rulebook) | undefined;
  // A pod's address is the pod's even if a node names it too.
  const partyOf = (address: Address): Party => {
    const text = formatAddress(address);
    const pod = pods.of(text);
    if (pod) return { kind: 'pod', pod };
    const node = nodes.of(text);
    return node ? { kind: 'node', node } : { kind: 'outside' };
  };
  return {
    setPod: pods.set,
    setNode: nodes.set,
    forgetRules: () => void (rulebookOf = undefined),
    now: () => {
      const { policies, namespaces, domains } = world();
      const known = (rulebookOf ??= narrowed({ policies: inOrder(policies), namespaces, domains }));
      return evaluatorBy({ partyOf, rulebookOf: (pod) => ({ ...known(pod), domains }) });
    },
  };
};

type Owner = { readonly addresses: readonly string[] };

type Owners<T extends Owner> = {
  readonly set: (key: string, owner: T | undefined) => void;
  readonly of: (address: string) => T | undefined;
};

/** Two may have the same address for a moment: then it is the one's that has come last. */
const createOwners = <T extends Owner>(): Owners<T> => {
  const byKey = new Map<string, T>();
  const keysByAddress = new Map<string, readonly string[]>();
  const others = (address: string, key: string): readonly string[] =>
    (keysByAddress.get(address) ?? []).filter((each) => each !== key);
  return {
    set: (key, owner) => {
      for (const address of byKey.get(key)?.addresses ?? []) {
        const left = others(address, key);
        if (left.length > 0) keysByAddress.set(address, left);
        else keysByAddress.delete(address);
      }
      if (!owner) return void byKey.delete(key);
      byKey.set(key, owner);
      for (const address of owner.addresses) keysByAddress.set(address, [...others(address, key), key]);
    },
    of: (address) => {
      const key = keysByAddress.get(address)?.at(-1);
      return key === undefined ? undefined : byKey.get(key);
    },
  };
};
