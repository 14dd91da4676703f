// What pods and nodes look like to policies. All that look alike share a profile: what is found out about it, is found
// out once for a Deployment's pods.
import type { Labels } from '../../k8s/labels.ts';
import type { NamedPort } from '../model/world.ts';
import type { Profile } from './records.ts';

/** What policies can tell apart of a pod or a node, besides its addresses. */
export type Looks = {
  /** Undefined for a node. */
  readonly namespace: string | undefined;
  readonly labels: Labels;
  readonly namedPorts: readonly NamedPort[];
};

export type Profiles = {
  readonly of: (looks: Looks) => Profile;
  readonly inNamespace: (namespace: string) => Iterable<Profile>;
  readonly ofNodes: () => Iterable<Profile>;
  /** Those with pods. */
  readonly namespaces: () => Iterable<string>;
  readonly all: () => Iterable<Profile>;
  readonly forget: (profile: Profile) => void;
  /** Those that are new since the last call. */
  readonly takeFresh: () => ReadonlySet<Profile>;
};

export const createProfiles = (): Profiles => {
  const profiles = new Map<string, Profile>();
  /** Those of nodes under undefined. */
  const byNamespace = new Map<string | undefined, Set<Profile>>();
  let fresh = new Set<Profile>();
  return {
    of: (looks) => {
      const key = keyOf(looks);
      const known = profiles.get(key);
      if (known) return known;
      const profile = profileOf(key, looks);
      profiles.set(key, profile);
      byNamespace.set(looks.namespace, (byNamespace.get(looks.namespace) ?? new Set()).add(profile));
      fresh.add(profile);
      return profile;
    },
    inNamespace: (namespace) => byNamespace.get(namespace) ?? [],
    ofNodes: () => byNamespace.get(undefined) ?? [],
    namespaces: () => byNamespace.keys().filter((namespace) => namespace !== undefined),
    all: () => profiles.values(),
    forget: (profile) => {
      profiles.delete(profile.key);
      const neighbours = byNamespace.get(profile.namespace);
      neighbours?.delete(profile);
      if (neighbours?.size === 0) byNamespace.delete(profile.namespace);
    },
    takeFresh: () => {
      const taken = fresh;
      fresh = new Set();
      return taken;
    },
  };
};

const profileOf = (key: string, { namespace, labels, namedPorts }: Looks): Profile => ({
  key,
  namespace,
  labels,
  namedPorts,
  holders: new Set(),
  locals: 0,
  facts: [],
  policies: new Set(),
  classes: { ingress: undefined, egress: undefined },
});

/** Equal for what looks the same to every policy. A namespace has no slash in its name. */
const keyOf = ({ namespace, labels, namedPorts }: Looks): string => {
  const pairs = Object.keys(labels)
    .sort()
    .map((key) => `${key}=${labels[key]}`);
  const ports = namedPorts.map(({ name, protocol, port }) => `${name}:${protocol}:${port}`);
  return [namespace ?? '/', ...pairs, '/', ...ports].join('\n');
};
