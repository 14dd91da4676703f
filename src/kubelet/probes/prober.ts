// The probes of all containers of a node: keeps one worker for each probe of each running container.
import type { Container } from '../../k8s/generated/types.ts';
import type { ContainerStatus } from '../../runtime/runtime.ts';
import { podIpsOf, tell } from '../pod/context.ts';
import type { PodContext } from '../pod/context.ts';
import type { PodRecord } from '../pod/pod-record.ts';
import type { ProbeState } from '../pod/pod-view.ts';
import { ProbeWorker } from './probe-worker.ts';
import { runProbe } from './run-probe.ts';
import type { ProbeKind } from './tally.ts';

export type Prober = {
  /** Container id -> what its probes say. */
  readonly states: ReadonlyMap<string, ProbeState>;
  /** Starts and stops workers so that exactly the given containers of the pod are probed. */
  readonly sync: (record: PodRecord, running: readonly ProbedContainer[]) => void;
  readonly stop: () => void;
};

export type ProbedContainer = { readonly container: Container; readonly status: ContainerStatus };

type Probed = { state: ProbeState; readonly workers: Map<ProbeKind, ProbeWorker> };

/** `onChange` hears the uid of each pod whose probes say something new. */
export const createProber = (context: PodContext, onChange: (uid: string) => void): Prober => {
  const states = new Map<string, ProbeState>();
  const probedByPod = new Map<string, Map<string, Probed>>();

  const note = (record: PodRecord, each: ProbedContainer, kind: ProbeKind, verdict: boolean): void => {
    const probed = probedByPod.get(record.uid)?.get(each.status.id);
    if (!probed) return;
    probed.state = stateAfter(probed.state, each.container, kind, verdict);
    states.set(each.status.id, probed.state);
    if (kind === 'startup') probed.workers.get('startup')?.stop();
    onChange(record.uid);
  };
  const newWorker = (record: PodRecord, each: ProbedContainer, kind: ProbeKind): ProbeWorker => {
    const { container, status } = each;
    const probe = container[`${kind}Probe`]!;
    const podIp = podIpsOf(record, context)[0] ?? '';
    const target = { container, containerId: status.id, podIp, runtime: context.runtime };
    return new ProbeWorker({
      kind,
      probe,
      startedAtMs: status.startedAtMs ?? context.clock.now(),
      clock: context.clock,
      perform: () => runProbe(probe, target),
      onVerdict: (verdict) => note(record, each, kind, verdict),
      onFailure: (text) =>
        tell(context, record.pod, {
          type: 'Warning',
          reason: 'Unhealthy',
          message: `${kind[0]!.toUpperCase()}${kind.slice(1)} ${text}`,
          container,
        }),
    });
  };
  const drop = (probed: Map<string, Probed>, id: string): void => {
    for (const worker of probed.get(id)?.workers.values() ?? []) worker.stop();
    probed.delete(id);
    states.delete(id);
  };
  const syncContainer = (record: PodRecord, each: ProbedContainer, probed: Map<string, Probed>): void => {
    const { id } = each.status;
    const entry = probed.get(id) ?? { state: initialState(each.container), workers: new Map() };
    probed.set(id, entry);
    states.set(id, entry.state);
    const kinds = dueKinds(each.container, entry.state, record);
    for (const [kind, worker] of entry.workers) if (!kinds.includes(kind)) worker.stop();
    for (const kind of kinds)
      if (!entry.workers.has(kind)) entry.workers.set(kind, newWorker(record, each, kind));
  };

  const sync = (record: PodRecord, running: readonly ProbedContainer[]): void => {
    const probed = probedByPod.get(record.uid) ?? new Map<string, Probed>();
    const withProbes = running.filter(({ container }) => hasProbes(container));
    for (const id of probed.keys()) if (!withProbes.some(({ status }) => status.id === id)) drop(probed, id);
    for (const each of withProbes) syncContainer(record, each, probed);
    if (probed.size > 0) probedByPod.set(record.uid, probed);
    else probedByPod.delete(record.uid);
  };
  const stop = (): void => {
    for (const probed of probedByPod.values()) for (const id of probed.keys()) drop(probed, id);
    probedByPod.clear();
  };
  return { states, sync, stop };
};

const hasProbes = ({ startupProbe, livenessProbe, readinessProbe }: Container): boolean =>
  Boolean(startupProbe ?? livenessProbe ?? readinessProbe);

const initialState = ({ startupProbe, readinessProbe }: Container): ProbeState => ({
  started: !startupProbe,
  live: true,
  ready: !startupProbe && !readinessProbe,
});

/** Nothing but the startup probe before it succeeded; a pod that ends is still asked whether it is ready. */
const dueKinds = (container: Container, { started }: ProbeState, record: PodRecord): readonly ProbeKind[] => {
  const isEnding = record.isGone || record.pod.metadata.deletionTimestamp !== undefined;
  if (!started) return isEnding ? [] : ['startup'];
  return [
    ...(container.livenessProbe && !isEnding ? (['liveness'] as const) : []),
    ...(container.readinessProbe ? (['readiness'] as const) : []),
  ];
};

const stateAfter = (
  state: ProbeState,
  container: Container,
  kind: ProbeKind,
  verdict: boolean,
): ProbeState => {
  switch (kind) {
    case 'startup':
      return verdict
        ? { ...state, started: true, ready: !container.readinessProbe }
        : { ...state, live: false };
    case 'liveness':
      return { ...state, live: verdict };
    case 'readiness':
      return { ...state, ready: verdict };
  }
};
