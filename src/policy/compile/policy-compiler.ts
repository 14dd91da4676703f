// From policies, pods, namespaces and nodes to the elements of this node's maps, change by change: what a change costs
// depends on what it touches.
import type { Labels } from '../../k8s/labels.ts';
import type { Direction, PolicyKey, PolicyRules } from '../model/rules.ts';
import type { PolicyNode, PolicyPod } from '../model/world.ts';
import { createElementStore } from './element-store.ts';
import type { AddedElement, ElementChanges, Elements } from './elements.ts';
import { createFacts } from './facts.ts';
import { createNamespaces } from './namespaces.ts';
import { createNumbers } from './numbers.ts';
import { createPeers } from './peers.ts';
import { createPopulation } from './population.ts';
import { createProfiles } from './profiles.ts';
import { createRows } from './rows.ts';
import { createSubjects } from './subjects.ts';
import { createTouched } from './touched.ts';
import type { Touched } from './touched.ts';

/** What happened since the last flush. Of the first one everything is new: what it took from whom, it cannot tell. */
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
 * Every call before `flush` only notes what is new; that works it out. Pods and locals are known by
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
  /**
   * An address with this peer id was found in `resolved4` or `resolved6`, after the flush that says which names are asked
   * for: an agent that starts again goes on with what DNS told the one before. The next flush has it if its name is found.
   */
  readonly adopt: (address: string, peer: string, untilMs: number) => void;
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
  const namespaces = createNamespaces();
  const profiles = createProfiles();
  const population = createPopulation(profiles);
  const subjects = createSubjects(profiles, namespaces, facts, marks);
  const peers = createPeers(profiles, population, namespaces, subjects.sides, facts, store);
  const rows = createRows(store, marks, subjects.sides.factsOf);

  const flush = (): Flush => {
    const { exacts, ...news } = population.takeChanged();
    const fresh = profiles.takeFresh();
    const relabelled = new Set(
      [...namespaces.takeChanged()].flatMap((name) => [...profiles.inNamespace(name)]),
    );
    const touch = createTouched();
    const change = subjects.update(news.profiles.union(relabelled));
    peers.update({ ...change, fresh, relabelled, exacts }, touch);
    change.rewritten.forEach(touch.rewritten);

    const sets = facts.takeChanged();
    sets.dead.forEach(rows.removePeer);
    change.dead.forEach(rows.remove);
    const refreshed = change.born.union(change.rewritten);
    refreshed.forEach(rows.refresh);
    for (const set of sets.born) rows.addPeer(set, refreshed);

    population.sweep({ exacts, ...news });
    return { changes: store.flush(), touched: touch.touched };
  };

  return {
    upsertPod: (pod) => population.put(`${pod.namespace}/${pod.name}`, pod, pod.addresses),
    deletePod: (key) => population.put(key, undefined, []),
    upsertNamespace: namespaces.put,
    deleteNamespace: (name) => namespaces.put(name, undefined),
    upsertNode: ({ name, labels, addresses }) =>
      population.put(name, { namespace: undefined, labels, namedPorts: [] }, addresses),
    deleteNode: (name) => population.put(name, undefined, []),
    upsertPolicy: subjects.policies.put,
    deletePolicy: subjects.policies.remove,
    upsertLocal: population.putLocal,
    deleteLocal: (pod) => population.putLocal(pod, undefined),
    resolve: peers.resolved.put,
    adopt: peers.resolved.adopt,
    expire: peers.resolved.expire,
    flush,
    elements: () => store.elements,
    timedElements: store.timed,
    domainNames: () => subjects.sides.domains.keys(),
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
