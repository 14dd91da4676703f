// What the kubelet remembers of one pod between two looks at it. Owned and changed by the pod's worker only.
import type { Pod } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import type { ContainerStatus, PodSandboxStatus } from '../../runtime/runtime.ts';
import type { BackOff } from './back-off.ts';
import { endingOf } from './ending.ts';
import type { PodView, ProbeState, Waiting } from './pod-view.ts';

export type Retry = { readonly failures: number; readonly atMs: number };

export type PodRecord = {
  readonly uid: string;
  readonly seenAtMs: number;
  /** The newest version known; the last one when the pod is gone from the API. */
  pod: Stored<Pod>;
  isGone: boolean;
  isTornDown: boolean;
  hasVolumes: boolean;
  /** Its status has said Running. */
  hasRun: boolean;
  /** The labels and annotations that downwardAPI volumes were last written with. */
  writtenLabels: string;
  sandbox: PodSandboxStatus | undefined;
  containers: readonly ContainerStatus[];
  readonly busy: Set<string>;
  readonly waiting: Map<string, Waiting>;
  readonly backOffs: Map<string, BackOff>;
  /** By image. */
  readonly imageBackOffs: Map<string, BackOff>;
  /** By operation. */
  readonly retries: Map<string, Retry>;
  /** Container id -> the image that the spec named when it was made. */
  readonly images: Map<string, string>;
  /** Container id -> what it left in its termination log. */
  readonly terminationMessages: Map<string, string>;
  /** Container ids whose preStop hook has run. */
  readonly preStopped: Set<string>;
  /** Container ids whose back-off an event has told of. */
  readonly backOffTold: Set<string>;
  /** The status last written, as JSON, and since when a change that is not urgent has been held back. */
  sentStatus: string;
  heldSinceMs: number | undefined;
  /** The write that is under way; never rejects. */
  statusWrite: Promise<void> | undefined;
};

export const newRecord = (pod: Stored<Pod>, nowMs: number): PodRecord => ({
  uid: pod.metadata.uid,
  seenAtMs: nowMs,
  pod,
  isGone: false,
  isTornDown: false,
  hasVolumes: false,
  hasRun: false,
  writtenLabels: '',
  sandbox: undefined,
  containers: [],
  busy: new Set(),
  waiting: new Map(),
  backOffs: new Map(),
  imageBackOffs: new Map(),
  retries: new Map(),
  images: new Map(),
  terminationMessages: new Map(),
  preStopped: new Set(),
  backOffTold: new Set(),
  sentStatus: '',
  heldSinceMs: undefined,
  statusWrite: undefined,
});

/** The record as it is now, for the pure functions. */
export const viewOf = (
  record: PodRecord,
  probes: ReadonlyMap<string, ProbeState>,
  nowMs: number,
): PodView => ({
  pod: record.pod,
  nowMs,
  sandbox: record.sandbox,
  containers: record.containers,
  hasVolumes: record.hasVolumes,
  busy: record.busy,
  waiting: record.waiting,
  backOffs: record.backOffs,
  retryAtMs: new Map([...record.retries].map(([operation, { atMs }]) => [operation, atMs])),
  images: record.images,
  probes,
  ending: endingOf(record.pod, record.isGone, nowMs),
});

/** How old ConfigMaps and Secrets may be for this pod: as the pod was seen, but no older than half a minute. */
export const freshSince = (record: PodRecord, nowMs: number): number =>
  Math.max(record.seenAtMs, nowMs - FRESH_MS);

const FRESH_MS = 30_000;

const RETRY_MS = 500;
const RETRY_MS_MAX = 8000;

/** Notes a failure of an operation and gives the time of its next try: 0.5 s, doubled up to 8 s. */
export const noteFailure = (record: PodRecord, operation: string, nowMs: number): number => {
  const failures = (record.retries.get(operation)?.failures ?? 0) + 1;
  const atMs = nowMs + Math.min(RETRY_MS * 2 ** (failures - 1), RETRY_MS_MAX);
  record.retries.set(operation, { failures, atMs });
  return atMs;
};

/** Takes a version of the pod if it is newer: answers to writes and watch events overtake each other. */
export const adoptPod = (record: PodRecord, pod: Stored<Pod>): void => {
  if (pod.metadata.uid !== record.uid) return;
  if (BigInt(pod.metadata.resourceVersion) >= BigInt(record.pod.metadata.resourceVersion)) record.pod = pod;
};
