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

export type ProbedContainer = { readonly container: Container; readonly status: ContainerStatus };

type Probed = { state: ProbeState; readonly workers: Map<ProbeKind, ProbeWorker> };

export class Prober {
  readonly #context: PodContext;
  readonly #onChange: (uid: string) => void;
  readonly #states = new Map<string, ProbeState>();
  /** Pod uid -> container id -> its workers. */
  readonly #probedByPod = new Map<string, Map<string, Probed>>();

  /** `onChange` hears the uid of each pod whose probes say something new. */
  constructor(context: PodContext, onChange: (uid: string) => void) {
    this.#context = context;
    this.#onChange = onChange;
  }

  /** Container id -> what its probes say; none for containers without probes. */
  get states(): ReadonlyMap<string, ProbeState> {
    return this.#states;
  }

  /** Starts and stops workers so that exactly the given containers of the pod are probed. */
  sync(record: PodRecord, running: readonly ProbedContainer[]): void {
    const probed = this.#probedByPod.get(record.uid) ?? new Map<string, Probed>();
    const withProbes = running.filter(({ container }) => hasProbes(container));
    for (const id of probed.keys())
      if (!withProbes.some(({ status }) => status.id === id)) this.#drop(probed, id);
    for (const each of withProbes) this.#syncContainer(record, each, probed);
    if (probed.size > 0) this.#probedByPod.set(record.uid, probed);
    else this.#probedByPod.delete(record.uid);
  }

  stop(): void {
    for (const probed of this.#probedByPod.values()) for (const id of probed.keys()) this.#drop(probed, id);
    this.#probedByPod.clear();
  }

  #syncContainer(record: PodRecord, each: ProbedContainer, probed: Map<string, Probed>): void {
    const { id } = each.status;
    const entry = probed.get(id) ?? { state: initialState(each.container), workers: new Map() };
    probed.set(id, entry);
    this.#states.set(id, entry.state);
    const kinds = dueKinds(each.container, entry.state, record);
    for (const [kind, worker] of entry.workers) if (!kinds.includes(kind)) worker.stop();
    for (const kind of kinds)
      if (!entry.workers.has(kind)) entry.workers.set(kind, this.#startWorker(record, each, kind));
  }

  #startWorker(record: PodRecord, each: ProbedContainer, kind: ProbeKind): ProbeWorker {
    const { container, status } = each;
    const { clock, runtime } = this.#context;
    const probe = container[`${kind}Probe`]!;
    const podIp = podIpsOf(record, this.#context)[0] ?? '';
    return new ProbeWorker({
      kind,
      probe,
      startedAtMs: status.startedAtMs ?? clock.now(),
      clock,
      perform: () => runProbe(probe, { container, containerId: status.id, podIp, runtime }),
      onVerdict: (verdict) => this.#note(record, each, kind, verdict),
      onFailure: (text) => this.#tellFailure(record, container, kind, text),
    });
  }

  #note(record: PodRecord, { container, status }: ProbedContainer, kind: ProbeKind, verdict: boolean): void {
    const probed = this.#probedByPod.get(record.uid)?.get(status.id);
    if (!probed) return;
    probed.state = stateAfter(probed.state, container, kind, verdict);
    this.#states.set(status.id, probed.state);
    this.#onChange(record.uid);
  }

  #tellFailure({ pod }: PodRecord, container: Container, kind: ProbeKind, text: string): void {
    const message = `${kind[0]!.toUpperCase()}${kind.slice(1)} ${text}`;
    tell(this.#context, pod, { type: 'Warning', reason: 'Unhealthy', message, container });
  }

  #drop(probed: Map<string, Probed>, id: string): void {
    for (const worker of probed.get(id)?.workers.values() ?? []) worker.stop();
    probed.delete(id);
    this.#states.delete(id);
  }
}

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
