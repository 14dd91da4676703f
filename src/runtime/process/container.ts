// One container, from its bundle to its end. Its record on disk changes with its state.
import { mkdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import { type ContainerStatus, RuntimeError } from '../runtime.ts';
import type { OciProcess, OciSpec } from './bundle.ts';
import { type ContainerOutput, openOutput } from './container-output.ts';
import type { Crun, Monitor, Overlay } from './crun.ts';
import { type ContainerRecord, type Records, isAlive, processIdOf } from './records.ts';
import { type Streams, openStreams } from './stdio.ts';

export type ContainerDependencies = {
  readonly records: Records<ContainerRecord>;
  readonly crun: Crun;
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
const DRAIN_MS = 1000;

/** As containerd reports a container that could not be started. */
const START_ERROR_CODE = 128;

export class Container {
  readonly #deps: ContainerDependencies;
  readonly #logPath: string;
  #record: ContainerRecord;
  #running: Running | undefined;

  constructor(deps: ContainerDependencies, record: ContainerRecord, logPath: string) {
    this.#deps = deps;
    this.#record = record;
    this.#logPath = logPath;
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
  async start(lower: string): Promise<void> {
    if (this.#record.state !== 'created')
      throw new RuntimeError('START_FAILED', `container is ${this.#record.state}, not created`);
    const running = this.#launch(lower);
    try {
      const pid = await running.monitor.started;
      this.#change({ state: 'running', process: processIdOf(pid), startedAtMs: this.#deps.clock.now() });
      running.output.record('stdout', running.streams.stdout);
      if (running.streams.stderr) running.output.record('stderr', running.streams.stderr);
      this.#deps.onChange('started', this.#record);
    } catch (error) {
      throw this.#startFailed(error as Error, running);
    }
  }

  #launch(lower: string): Running {
    const { crun, clock, log } = this.#deps;
    const output = openOutput({ path: this.#logPath, clock, log });
    const streams = openStreams(this.#record.config);
    const monitor = crun.run(this.#record.id, this.folder, makeOverlay(this.folder, lower), streams.fds);
    const ended = monitor.exited.then((code) => this.#end(code));
    return (this.#running = { monitor, streams, output, ended });
  }

  #startFailed(error: Error, { streams, output }: Running): RuntimeError {
    streams.stdout.destroy();
    streams.stderr?.destroy();
    void output.drained();
    const message = `failed to start container "${this.#record.config.name}": ${error.message}`;
    const finishedAtMs = this.#deps.clock.now();
    const exitCode = START_ERROR_CODE;
    this.#change({ state: 'exited', reason: 'StartError', message, exitCode, finishedAtMs });
    return new RuntimeError('START_FAILED', message, { cause: error });
  }

  /** All processes of the container are gone with its first; what they wrote is read to its end first. */
  async #end(code: number): Promise<void> {
    await this.#running!.monitor.started.catch(() => {});
    if (this.#record.state !== 'running') return; // it never started
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = this.#deps.clock.after(DRAIN_MS, resolve);
    await Promise.race([this.#running!.output.drained(), late]);
    timer.cancel();
    const complaint = this.#running!.monitor.complaint();
    this.#change({
      state: 'exited',
      exitCode: code,
      finishedAtMs: this.#deps.clock.now(),
      reason: complaint ? 'StartError' : code === 0 ? 'Completed' : 'Error',
      message: complaint || undefined,
    });
    this.#deps.onChange('exited', this.#record);
  }

  /** The stop signal, and KILL when the grace period is over. */
  async stop(graceSeconds: number): Promise<void> {
    const running = this.#running;
    if (this.#record.state !== 'running' || !running) return;
    if (graceSeconds <= 0) this.#signal('SIGKILL');
    else this.#signal(this.#record.stopSignal);
    const timer = this.#deps.clock.after(graceSeconds * 1000, () => this.#signal('SIGKILL'));
    await running.ended;
    timer.cancel();
  }

  #signal(signal: NodeJS.Signals): void {
    const { process: id, state } = this.#record;
    if (state !== 'running' || !id || !isAlive(id)) return;
    process.kill(id.pid, constants.signals[signal]);
  }

  /** For a record of an earlier agent: nobody watches over what it started, so it is ended. */
  recover(): void {
    const { state, process: id } = this.#record;
    if (state !== 'running') return;
    if (id && isAlive(id)) process.kill(id.pid, 'SIGKILL');
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

const makeOverlay = (folder: string, lower: string): Overlay => {
  const overlay = { lower, upper: join(folder, 'upper'), work: join(folder, 'work') };
  for (const path of [overlay.upper, overlay.work, join(folder, 'rootfs')]) mkdirSync(path, { mode: 0o755 });
  return overlay;
};
