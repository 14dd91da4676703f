// TCP as netperf makes it, by blocking calls of libc: Node's event loop would cost more than what is to be measured.
//   stream  one connection, as many bytes as it takes         bytes a second
//   rr      one connection, a byte there and a byte back      round trips a second
//   crr     a connection for each round trip                  connections a second
// This file is also the program of its processes and threads.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import koffi from 'koffi';
import { enterNetns } from '../src/kernel/netns.ts';

export const KINDS = ['stream', 'rr', 'crr'] as const;
export type Kind = (typeof KINDS)[number];

/** Where servers listen. */
export const PORTS: Readonly<Record<Kind, number>> = { stream: 9001, rr: 9002, crr: 9003 };

type Load = {
  readonly kind: Kind;
  readonly host: string;
  readonly ms: number;
  readonly place: Place;
};

/**
 * `one core`: both ends on one, which is then busy with nothing but their work. What they do in a second of their CPU
 * time is what they would do in a second without other users of the machine. `two cores`: an end each, by the clock.
 */
export const PLACES = ['one core', 'two cores'] as const;
export type Place = (typeof PLACES)[number];

/** Servers stay on this core, clients go where they are told: a scheduler's choice would be most of what is measured. */
const [SERVER_CORE, CLIENT_CORE] = [0, 1];

export type TrafficServer = { readonly pid: number; readonly close: () => void };

/** Connections to each of these in turn. */
type Connects = { readonly hosts: readonly Host[]; readonly count: number };
type Host = { readonly host: string; readonly port: number };

export type TrafficClient = {
  /** What was done in a second. */
  readonly run: (load: Load) => Promise<number>;
  /**
   * By host: how long connect() took, in us, from its call to the peer's answer to the first packet. Those during which
   * others had the client's core are left out.
   */
  readonly connect: (connects: Connects) => Promise<readonly (readonly number[])[]>;
  readonly close: () => void;
};

const lib = koffi.load(null);
const c = {
  socket: lib.func('int socket(int domain, int type, int protocol)'),
  bind: lib.func('int bind(int fd, const void *address, uint32_t length)'),
  listen: lib.func('int listen(int fd, int backlog)'),
  accept: lib.func('int accept4(int fd, void *address, void *length, int flags)'),
  connect: lib.func('int connect(int fd, const void *address, uint32_t length)'),
  setsockopt: lib.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)'),
  send: lib.func('intptr_t send(int fd, const void *buffer, size_t length, int flags)'),
  recv: lib.func('intptr_t recv(int fd, void *buffer, size_t length, int flags)'),
  close: lib.func('int close(int fd)'),
  getrusage: lib.func('int getrusage(int who, void *usage)'),
  clock_gettime: lib.func('int clock_gettime(int clock, int64_t *time)'),
  sched_setaffinity: lib.func('int sched_setaffinity(int tid, size_t length, const void *mask)'),
};

const AF_INET = 2;
const SOCK_STREAM = 1;
const [IPPROTO_TCP, TCP_NODELAY] = [6, 1];
const [SOL_SOCKET, SO_REUSEADDR, SO_LINGER] = [1, 2, 13];

const addressOf = (host: string, port: number): Buffer => {
  const address = Buffer.alloc(16); // struct sockaddr_in
  address.writeUInt16LE(AF_INET, 0);
  address.writeUInt16BE(port, 2);
  address.set(host.split('.').map(Number), 4);
  return address;
};

const must = (what: string, result: number): number => {
  if (result < 0) throw new Error(`${what}: errno ${koffi.errno()}`);
  return result;
};

/** The calling thread, and those that it starts, run on this core. */
const pinTo = (core: number): void => {
  const mask = Uint8Array.of(1 << core, 0, 0, 0, 0, 0, 0, 0);
  must('sched_setaffinity', c.sched_setaffinity(0, mask.length, mask));
};

/** What the threads of these processes have run, in ns (clock_getcpuclockid(3): linux posix-timers.h). */
const cpuTimeNs = (pids: readonly number[]): number => {
  const time = new BigInt64Array(2); // struct timespec
  return pids.reduce((sum, pid) => {
    must('clock_gettime', c.clock_gettime((~pid << 3) | 2, time)); // CPUCLOCK_SCHED of a process
    return sum + Number(time[0]) * 1e9 + Number(time[1]);
  }, 0);
};

const one = Int32Array.of(1);
const byte = Buffer.alloc(1);
const block = Buffer.alloc(1 << 17);

const dial = (address: Buffer): number => {
  const fd = must('socket', c.socket(AF_INET, SOCK_STREAM, 0));
  must('connect', c.connect(fd, address, address.length));
  c.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, one, 4);
  return fd;
};

const roundTrip = (fd: number): number => {
  must('send', c.send(fd, byte, 1, 0));
  return must('recv', c.recv(fd, byte, 1, 0));
};

/** Repeats `work` for so long; the sum of what it returns. */
const repeat = (ms: number, work: () => number): number => {
  const end = performance.now() + ms;
  let sum = 0;
  while (performance.now() < end) sum += work();
  return sum;
};

/** Bytes, round trips or connections. */
const load = ({ kind, host, ms }: Load): number => {
  const address = addressOf(host, PORTS[kind]);
  if (kind === 'crr')
    return repeat(ms, () => {
      const fd = dial(address);
      roundTrip(fd);
      reset(fd);
      return 1;
    });
  const fd = dial(address);
  const work = kind === 'rr' ? () => roundTrip(fd) : () => must('send', c.send(fd, block, block.length, 0));
  const done = repeat(ms, work);
  c.close(fd);
  return done;
};

const run = (order: Load, server: number): number => {
  const isShared = order.place === 'one core';
  pinTo(isShared ? SERVER_CORE : CLIENT_CORE);
  const timeMs = isShared ? () => cpuTimeNs([process.pid, server]) / 1e6 : () => performance.now();
  const start = timeMs();
  const done = load(order);
  return (done * 1000) / (timeMs() - start);
};

/** Ends by a reset: no port is left in TIME_WAIT. */
const reset = (fd: number): void => {
  c.setsockopt(fd, SOL_SOCKET, SO_LINGER, Int32Array.of(1, 0), 8);
  c.close(fd);
};

const usage = new BigInt64Array(18); // struct rusage
const RUSAGE_THREAD = 1;
/** How often this thread had to leave its core to others. */
const preemptions = (): bigint => {
  must('getrusage', c.getrusage(RUSAGE_THREAD, usage));
  return usage[17]!; // ru_nivcsw
};

/** Undefined if others had the core meanwhile. */
const connectUs = (address: Buffer): number | undefined => {
  const fd = must('socket', c.socket(AF_INET, SOCK_STREAM, 0));
  const before = preemptions();
  const start = performance.now();
  must('connect', c.connect(fd, address, address.length));
  const us = (performance.now() - start) * 1000;
  const isOwn = preemptions() === before;
  reset(fd);
  return isOwn ? us : undefined;
};

const connectAll = ({ hosts, count }: Connects): readonly (readonly number[])[] => {
  pinTo(CLIENT_CORE);
  const addresses = hosts.map(({ host, port }) => addressOf(host, port));
  const samples = hosts.map((): number[] => []);
  for (let i = 0; i < count; i++)
    addresses.forEach((address, index) => {
      const us = connectUs(address);
      if (us !== undefined) samples[index]!.push(us);
    });
  return samples;
};

/** One connection after the other, for ever. */
const serve = (kind: Kind): void => {
  const listener = must('socket', c.socket(AF_INET, SOCK_STREAM, 0));
  c.setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, one, 4);
  const address = addressOf('0.0.0.0', PORTS[kind]);
  must('bind', c.bind(listener, address, address.length));
  must('listen', c.listen(listener, 4096));
  parentPort!.postMessage('listens');
  for (;;) {
    const fd = must('accept', c.accept(listener, null, null, 0));
    c.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, one, 4);
    if (kind === 'stream') while (c.recv(fd, block, block.length, 0) > 0);
    else while (c.recv(fd, byte, 1, 0) > 0 && c.send(fd, byte, 1, 0) > 0);
    c.close(fd);
  }
};

const startProcess = async (...args: readonly string[]): Promise<ChildProcess> => {
  const child = fork(import.meta.filename, args);
  await once(child, 'message');
  return child;
};

/** Serves all kinds in the namespace. */
export const startServer = async (netns: string): Promise<TrafficServer> => {
  const child = await startProcess('serve', netns);
  return { pid: child.pid!, close: () => void child.kill('SIGKILL') };
};

/** In the cgroup with this folder. */
export const startClient = async (
  netns: string,
  server: TrafficServer,
  cgroup: string,
): Promise<TrafficClient> => {
  const child = await startProcess('run', netns, String(server.pid));
  writeFileSync(`${cgroup}/cgroup.procs`, String(child.pid));
  const ask = async <T>(order: Order): Promise<T> => {
    child.send(order);
    const [answer] = (await once(child, 'message')) as readonly (T | string)[];
    if (typeof answer === 'string') throw new Error(answer);
    return answer!;
  };
  return { run: ask, connect: ask, close: () => void child.kill('SIGKILL') };
};

type Order = Load | Connects;

const carryOut = (order: Order, server: number): unknown => {
  try {
    return 'hosts' in order ? connectAll(order) : run(order, server);
  } catch (error) {
    return String(error);
  }
};

if (!isMainThread) serve(workerData as Kind);
else if (process.argv[1] === import.meta.filename) {
  enterNetns(process.argv[3]!);
  if (process.argv[2] === 'run')
    process.on('message', (order: Order) => process.send!(carryOut(order, Number(process.argv[4]))));
  else {
    pinTo(SERVER_CORE);
    await Promise.all(
      KINDS.map((kind) => once(new Worker(import.meta.filename, { workerData: kind }), 'message')),
    );
  }
  process.send!('ready');
}
