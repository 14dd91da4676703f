// One container, from its bundle to its end. Its record on disk changes with its state.
import { mkdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { processIdOf, signalProcess } from '../../kernel/process-id.ts';
import type { Clock } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import { type ContainerStatus, RuntimeError } from '../runtime.ts';
import type { OciProcess, OciSpec } from './bundle.ts';
import { type ContainerOutput, openOutput } from './container-output.ts';
import type { Bundle, Crun, Monitor, Overlay } from './crun.ts';
import type { MemoryLimit } from './memory-limit.ts';
import type { ContainerRecord, Records } from './records.ts';
import { type Streams, prepareStdio } from './stdio.ts';

export type ContainerDependencies = {
  readonly records: Records<ContainerRecord>;
  readonly crun: Crun;
  /** For the sockets on which terminals come: a short path. */
  readonly socketFolder: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly onChange: (type: 'started' | 'exited', record: ContainerRecord) => void;
};

/** What a container that runs has: a restart of the agent loses it. */
type Running = {
  readonly monitor: Monitor;
  readonly streams: Streams;
  readonly output: ContainerOutput;
  readonly ended: Promise<void>;
};

/** How long output may still come after the end: a process elsewhere may hold the pipe. */
export const DRAIN_MS = 1000;

/** As containerd reports a container that could not be started. */
const START_ERROR_CODE = 128;

export type ContainerPlace = {
  readonly logPath: string;
  /** See Bundle. */
  readonly cgroup: string | undefined;
};

export class Container {
  readonly #deps: ContainerDependencies;
  readonly #place: ContainerPlace;
  #record: ContainerRecord;
  #starting: Promise<void> | undefined;
  #running: Running | undefined;

  constructor(deps: ContainerDependencies, record: ContainerRecord, place: ContainerPlace) {
    this.#deps = deps;
    this.#record = record;
    this.#place = place;
  }

  get record(): ContainerRecord {
    return this.#record;
  }

  get running(): Running | undefined {
    return this.#running;
  }

  get folder(): string {
    return this.#deps.records.folderOf(this.#record.id);
  }

  get bundle(): Bundle {
    return { id: this.#record.id, folder: this.folder, cgroup: this.#place.cgroup };
  }

  /** As the CRI has it. */
  status(): ContainerStatus {
    const { config, process: _, stopSignal: __, ...facts } = this.#record;
    return {
      ...facts,
      name: config.name,
      attempt: config.attempt,
      imageId: config.imageId,
      logPath: config.logPath,
    };
  }

  /** What runs in it, as a model for an exec. */
  process(): OciProcess {
    return (JSON.parse(readFileSync(join(this.folder, 'config.json'), 'utf8')) as OciSpec).process;
  }

  /** `lower` is the image's tree. Resolves when the command runs. */
  async start(lower: string, memory: MemoryLimit): Promise<void> {
    if (this.#record.state !== 'created' || this.#starting)
      throw new RuntimeError('START_FAILED', `container is ${this.#record.state}, not created`);
    this.#starting = this.#launch(lower, memory);
    await this.#starting;
  }

  async #launch(lower: string, memory: MemoryLimit): Promise<void> {
    const { crun, socketFolder, clock, log, onChange } = this.#deps;
    const output = openOutput({ path: this.#place.logPath, clock, log });
    const stdio = prepareStdio(this.#record.config, socketFolder);
    try {
      const monitor = crun.run(this.bundle, makeOverlay(this.folder, lower), stdio);
      const pid = await monitor.started;
      const streams = stdio.open();
      output.record('stdout', streams.stdout);
      if (streams.stderr) output.record('stderr', streams.stderr);
      this.#change({ state: 'running', process: processIdOf(pid), startedAtMs: clock.now() });
      const ended = monitor.exited.then((code) => this.#end(code, memory));
      this.#running = { monitor, streams, output, ended };
      onChange('started', this.#record);
    } catch (error) {
      stdio.abort();
      void output.drained();
      memory.release();
      throw this.#startFailed(error as Error);
    }
  }

  #startFailed(cause: Error): RuntimeError {
    const message = `failed to start container "${this.#record.config.name}": ${cause.message}`;
    const finishedAtMs = this.#deps.clock.now();
    const exitCode = START_ERROR_CODE;
    this.#change({ state: 'exited', reason: 'StartError', message, exitCode, finishedAtMs });
    return new RuntimeError('START_FAILED', message, { cause });
  }

  /** All processes of the container are gone with its first; what they wrote is read to its end first. */
  async #end(code: number, memory: MemoryLimit): Promise<void> {
    const { monitor, output } = this.#running!;
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = this.#deps.clock.after(DRAIN_MS, resolve);
    await Promise.race([output.drained(), late]);
    timer.cancel();
    this.#deps.crun.abandon(this.#record.id); // where crun was killed, and not the container
    const complaint = monitor.complaint();
    const reason = reasonOf(code, complaint, memory);
    memory.release();
    const finishedAtMs = this.#deps.clock.now();
    this.#change({ state: 'exited', exitCode: code, finishedAtMs, reason, message: complaint || undefined });
    this.#deps.onChange('exited', this.#record);
  }

  /** The stop signal, and KILL when the grace period is over. Resolves when the container has ended. */
  async stop(graceSeconds: number): Promise<void> {
    await this.#starting?.catch(() => {});
    if (this.#record.state !== 'running') return;
    this.#signal(graceSeconds > 0 ? this.#record.stopSignal : 'SIGKILL');
    const timer = this.#deps.clock.after(graceSeconds * 1000, () => this.#signal('SIGKILL'));
    await this.#running?.ended;
    timer.cancel();
  }

  #signal(signal: NodeJS.Signals): void {
    const { process: id, state } = this.#record;
    if (state === 'running' && id) signalProcess(id, signal);
  }

  /** For a record of an earlier agent: nobody watches over what it started, so it is ended. */
  recover(): void {
    if (this.#record.state === 'exited') return;
    this.#deps.crun.abandon(this.#record.id);
    if (this.#record.state !== 'running') return;
    this.#change({
      state: 'exited',
      exitCode: 128 + constants.signals.SIGKILL,
      finishedAtMs: this.#deps.clock.now(),
      reason: 'ContainerStatusUnknown',
      message: 'the node agent ended while the container ran',
    });
  }

  #change(change: Partial<ContainerRecord>): void {
    this.#record = { ...this.#record, ...change };
    this.#deps.records.save(this.#record);
  }
}

/** As Kubernetes shows the end of a container. crun complains when the command could not be executed. */
const reasonOf = (code: number, complaint: string, memory: MemoryLimit): string => {
  if (code === 0) return 'Completed';
  if (memory.takeKill()) return 'OOMKilled';
  return complaint ? 'StartError' : 'Error';
};

const makeOverlay = (folder: string, lower: string): Overlay => {
  const overlay = { lower, upper: join(folder, 'upper'), work: join(folder, 'work') };
  for (const path of [overlay.upper, overlay.work]) mkdirSync(path, { mode: 0o755 });
  return overlay;
};
