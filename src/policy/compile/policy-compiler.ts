// From policies, pods, namespaces and nodes to the elements of this node's maps, change by change: what a change costs
// depends on what it touches.
import type { Family } from '../../ip/address.ts';
import type { Labels } from '../../k8s/labels.ts';
import type { Direction, PolicyKey, PolicyRules } from '../model/rules.ts';
import type { PolicyNode, PolicyPod } from '../model/world.ts';
import { createAddresses } from './addresses.ts';
import { DIRECTIONS, createClasses } from './classes.ts';
import { createElementStore } from './element-store.ts';
import type { AddedElement, ElementChanges, Elements } from './elements.ts';
import { createFacts } from './facts.ts';
import { createMatching } from './matching.ts';
import { createNumbers } from './numbers.ts';
import { createPolicies } from './policies.ts';
import { addressesOf, createPopulation } from './population.ts';
import type { Exact, Fact, PodClass, Profile } from './records.ts';
import { createResolved } from './resolved.ts';
import { createRows } from './rows.ts';
import { createSides } from './sides.ts';
import type { SidesChange } from './sides.ts';
import { createTouched } from './touched.ts';
import type { Touched, TouchedCollector } from './touched.ts';

/** What happened since the last flush. The first one touches nothing in particular: everything is new. */
export type Flush = {
  readonly changes: ElementChanges;
  readonly touched: Touched;
};

/** What the mark of a denied packet tells. */
export type TableOwner = {
  readonly direction: Direction;
  /** All policies that apply to the pod in this direction. */
  readonly policies: readonly PolicyKey[];
};

/**
 * Every call but the last five only notes what is new; `flush` works it out. Pods and locals are known by
 * `namespace/name`, addresses are canonical texts. Deleting what is not there is nothing.
 */
export type PolicyCompiler = {
  readonly upsertPod: (pod: PolicyPod) => void;
  readonly deletePod: (key: string) => void;
  readonly upsertNamespace: (name: string, labels: Labels) => void;
  readonly deleteNamespace: (name: string) => void;
  readonly upsertNode: (node: PolicyNode) => void;
  readonly deleteNode: (name: string) => void;
  readonly upsertPolicy: (rules: PolicyRules) => void;
  readonly deletePolicy: (key: PolicyKey) => void;
  /** A sandbox of this node: its pod is PENDING until the pod itself is known. */
  readonly upsertLocal: (pod: string, addresses: readonly string[]) => void;
  readonly deleteLocal: (pod: string) => void;
  /** DNS gave this address for this name of a `domains` peer (the name as it stands there, `*.` included). */
  readonly resolve: (name: string, address: string, untilMs: number) => void;
  /** Forgets addresses of names whose time is over. */
  readonly expire: (nowMs: number) => void;
  readonly flush: () => Flush;
  /** Everything that is wanted as of the last flush. */
  readonly elements: () => Elements;
  /** Those of them that are to stay until some time. */
  readonly timedElements: () => readonly AddedElement[];
  /** Names of `domains` peers of policies that apply here, as of the last flush. */
  readonly domainNames: () => Iterable<string>;
  /** As of the last flush; undefined for PENDING and for numbers that are not in use. */
  readonly tableOf: (number: number) => TableOwner | undefined;
};

/** `numberCount` is how many numbers there are for classes and tables, and for peers: tests take few. */
export const createPolicyCompiler = (numberCount?: number): PolicyCompiler => {
  const store = createElementStore();
  const marks = createNumbers(numberCount);
  const facts = createFacts(createNumbers(numberCount));
  const sides = createSides(facts);
  const population = createPopulation();
  const policies = createPolicies(population);
  const classes = createClasses(marks);
  const matching = createMatching(population, sides);
  const rows = createRows(store, marks, sides.factsOf);
  const addresses = createAddresses(store, facts);
  const resolved = createResolved(store, facts, sides.domains, (address, family) => {
    const exact = population.exact(address);
    return [
      ...(exact?.profile?.facts ?? []),
      ...addresses.networksOf(exact ?? { address, family, parsed: undefined }),
    ];
  });
  const networks = new Set<Fact>();
  const namespaces = new Map<string, Labels>();
  const labelsOf = (namespace: string): Labels | undefined => namespaces.get(namespace);
  let relabelled = new Set<string>();

  /** Which policies apply to the pods of this node; the classes that are to be worked out, and what is asked of peers. */
  const applyPolicies = (profiles: ReadonlySet<Profile>): Applied => {
    const changed = policies.takeChanged();
    const affected = policies.select(changed, profiles, labelsOf);
    affected.forEach(classes.assign);
    const { born, dead } = classes.takeChanged();
    const isRefreshed = new Set([...changed, ...[...born, ...dead].flatMap((podClass) => podClass.policies)]);
    for (const policy of isRefreshed) for (const direction of DIRECTIONS) sides.refresh(policy, direction);
    const rewritten = [...changed].flatMap(({ directions }) =>
      DIRECTIONS.flatMap((direction) => [...directions[direction].classes]),
    );
    const isNew = new Set(born);
    return {
      affected,
      born: isNew,
      dead,
      rewritten: new Set(rewritten).difference(isNew),
      asked: sides.takeChanged(),
    };
  };

  /** The families of which networks have come or gone among these facts. */
  const cutNetworks = (changed: readonly Fact[]): ReadonlySet<Family> => {
    const families = new Set<Family>();
    for (const fact of changed) {
      if (fact.is.kind !== 'network') continue;
      if (!networks.delete(fact)) networks.add(fact);
      families.add(fact.is.cidr.family);
    }
    for (const family of families) addresses.cut(family, networks);
    return families;
  };

  const writeRows = ({ born, dead, rewritten }: Applied): void => {
    const peers = facts.takeChanged();
    peers.dead.forEach(rows.removePeer);
    dead.forEach(rows.remove);
    const refreshed = born.union(rewritten);
    refreshed.forEach(rows.refresh);
    for (const set of peers.born) rows.addPeer(set, refreshed);
  };

  /** Writes the elements of all addresses about which anything may have changed. */
  const identifyAll = (
    exacts: Iterable<Exact>,
    { begun, ended }: SidesChange,
    touch: TouchedCollector,
  ): void => {
    const recut = cutNetworks([...begun, ...ended]);
    const stale = new Set(exacts);
    if (recut.size > 0)
      for (const exact of population.exacts()) if (exact.set && recut.has(exact.family)) stale.add(exact);
    for (const exact of stale) touch.identified(exact, addresses.identify(exact));
    const domains = new Set([...begun, ...ended].flatMap(({ is }) => (is.kind === 'domain' ? is.name : [])));
    resolved.write(({ address, family, names }) => {
      const exact = population.exact(address);
      return (
        recut.has(family) ||
        (exact !== undefined && stale.has(exact)) ||
        domains.keys().some((name) => names.has(name))
      );
    });
  };

  const flush = (): Flush => {
    const news = population.takeChanged();
    const inRelabelled = new Set([...relabelled].flatMap((name) => [...population.profilesOf(name)]));
    relabelled = new Set();
    const applied = applyPolicies(news.profiles.union(inRelabelled));
    const fresh = news.fresh.union(inRelabelled);
    const factsBefore = matching.update({ ...applied.asked, fresh, labelsOf });

    const touch = createTouched();
    const stale = new Set(news.exacts);
    for (const profile of [...factsBefore.keys(), ...applied.affected])
      for (const holder of profile.holders)
        for (const address of addressesOf(holder)) stale.add(population.exact(address)!);
    identifyAll(stale, applied.asked, touch);
    for (const [profile, before] of factsBefore)
      if (inRelabelled.has(profile)) touch.seenOtherwise(profile, before);
    applied.rewritten.forEach(touch.rewritten);

    writeRows(applied);
    population.sweep(news);
    return { changes: store.flush(), touched: touch.touched };
  };

  const relabel = (name: string, labels: Labels | undefined): void => {
    if (labels) namespaces.set(name, labels);
    else namespaces.delete(name);
    relabelled.add(name);
  };

  return {
    upsertPod: (pod) => population.put(`${pod.namespace}/${pod.name}`, pod, pod.addresses),
    deletePod: (key) => population.put(key, undefined, []),
    upsertNamespace: relabel,
    deleteNamespace: (name) => relabel(name, undefined),
    upsertNode: ({ name, labels, addresses: own }) =>
      population.put(name, { namespace: undefined, labels, namedPorts: [] }, own),
    deleteNode: (name) => population.put(name, undefined, []),
    upsertPolicy: policies.put,
    deletePolicy: policies.remove,
    upsertLocal: population.putLocal,
    deleteLocal: (pod) => population.putLocal(pod, undefined),
    resolve: resolved.put,
    expire: resolved.expire,
    flush,
    elements: () => store.elements,
    timedElements: store.timed,
    domainNames: () => sides.domains.keys(),
    tableOf: (number) => {
      const owner = rows.ownerOf(number);
      return (
        owner && {
          direction: owner.direction,
          policies: owner.policies.flatMap(({ rules }) => rules?.key ?? []),
        }
      );
    },
  };
};

/** What became of the policies. */
type Applied = {
  /** Profiles whose classes may be others. */
  readonly affected: ReadonlySet<Profile>;
  readonly born: ReadonlySet<PodClass>;
  readonly dead: readonly PodClass[];
  /** Classes with the same policies, of which some are other than they were. */
  readonly rewritten: ReadonlySet<PodClass>;
  readonly asked: SidesChange;
};
