// From policies, pods, namespaces and nodes to the elements of this node's maps, change by change: what a change costs
// depends on what it touches.
import type { Labels } from '../../k8s/labels.ts';
import type { Direction, PolicyKey, PolicyRules } from '../model/rules.ts';
import type { PolicyNode, PolicyPod } from '../model/world.ts';
import type { ElementChanges, Elements } from './elements.ts';

/** What happened since the last flush. */
export type Flush = {
  readonly changes: ElementChanges;
  readonly touched: Touched;
};

/** Between whom something may now be denied that was allowed: connections with any of these addresses, at either end. */
export type Touched = {
  /** Of pods of this node to which other policies apply, or the same with other rules. */
  readonly subjects: readonly string[];
  /** Of pods and nodes that are now somebody else to the policies that apply here: other labels, other ports, gone. */
  readonly peers: readonly string[];
};

/** What the mark of a denied packet tells. */
export type TableOwner = {
  readonly direction: Direction;
  /** All policies that apply to the pod in this direction. */
  readonly policies: readonly PolicyKey[];
};

/**
 * Every call but the last four only notes what is new; `flush` works it out. Pods and locals are known by
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
  /** Names of `domains` peers of policies that apply here, as of the last flush. */
  readonly domainNames: () => ReadonlySet<string>;
  /** As of the last flush; undefined for PENDING and for numbers that are not in use. */
  readonly tableOf: (number: number) => TableOwner | undefined;
};
