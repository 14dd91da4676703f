// How many questions a second does one node's DNS answer on one core, next to Knot DNS with the same zone, and to a C loop
// that receives, turns the question into an answer and sends: the least that any server does? And how late are answers at
// 10,000 a second? Needs cc, and for Knot apt-get.
// Servers and asker are each bound to one core; the runs take turns, so that all meet the same noise. Answers for each
// second of the server's CPU say the same on a machine that others use, too.
import { type ChildProcess, execFileSync, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Resolver } from 'node:dns/promises';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startKnot } from './dns-knot.ts';
import { percentile, report } from './report.ts';

const SERVICES = 8_200;
const NAMES = 500;
const ROUNDS = 5;
const SECONDS = 2;
const STEADY_RATE = 10_000;
const [PODNET, ECHO, KNOT, PORT] = ['127.53.7.1', '127.53.7.2', '127.53.7.3', '5353'];
const [SERVER_CORE, ASKER_CORE] = ['0', '1'];

const folder = mkdtempSync(join(tmpdir(), 'podnet-bench-'));
const program = join(folder, 'dns-load');
execFileSync('cc', ['-O2', '-o', program, join(import.meta.dirname, 'dns-load.c')]);

type Answered = {
  readonly qps: number;
  readonly lost: number;
  readonly p50Us: number;
  readonly p99Us: number;
};

const names = Array.from({ length: NAMES }, (_, n) => `service-${n}.default.svc.cluster.local`);

/** `rate` 0: as fast as it answers. */
const ask = (address: string, rate: number): Answered => {
  const args = ['ask', address, PORT, String(SECONDS), String(rate), ...names];
  const output = execFileSync('taskset', ['-c', ASKER_CORE, program, ...args], { encoding: 'utf8' });
  const [qps, lost, wrong, p50Us, p99Us] = output.split(' ').map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ];
  if (wrong > 0) throw new Error(`${address}: ${wrong} answers are wrong`);
  return { qps, lost, p50Us, p99Us };
};

type Measured = {
  readonly fast: Answered;
  /** Answers for each second that the server used the core, at full speed. */
  readonly perCpuSecond: number;
  readonly steady: Answered;
};

const measure = (address: string, { pid }: ChildProcess): Measured => {
  const before = cpuSeconds(pid!);
  const fast = ask(address, 0);
  const perCpuSecond = (fast.qps * SECONDS) / (cpuSeconds(pid!) - before);
  return { fast, perCpuSecond, steady: ask(address, STEADY_RATE) };
};

/** utime and stime of proc_pid_stat(5), in ticks of 10 ms. */
const cpuSeconds = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // from the third on
  return (Number(fields[11]) + Number(fields[12])) / 100;
};

const measureEcho = async (): Promise<Measured> => {
  const args = ['echo', ECHO, PORT, String(2 * SECONDS + 2)];
  const echo = spawn('taskset', ['-c', SERVER_CORE, program, ...args]);
  await pause(200);
  const measured = measure(ECHO, echo);
  await once(echo, 'exit');
  return measured;
};

/** A server that just started refuses, or does not have its zone yet. */
const untilAnswering = async (address: string): Promise<void> => {
  for (let attempt = 0; attempt < 50; attempt++) {
    const resolver = new Resolver({ timeout: 200, tries: 1 });
    resolver.setServers([`${address}:${PORT}`]);
    if (await resolver.resolve4(names[0]!).catch(() => undefined)) return;
    await pause(100);
  }
  throw new Error(`${address} does not answer`);
};

const startServer = async (): Promise<ChildProcess> => {
  const server = fork(join(import.meta.dirname, 'dns-server.ts'), [PODNET, PORT, String(SERVICES), '0']);
  await once(server, 'message');
  execFileSync('taskset', ['-a', '-cp', SERVER_CORE, String(server.pid)], { stdio: 'ignore' });
  return server;
};

const server = await startServer();
const knot = startKnot({ folder, address: KNOT, port: PORT, services: SERVICES, core: SERVER_CORE });
if (knot) await untilAnswering(KNOT);
type Round = { readonly podnet: Measured; readonly echo: Measured; readonly knot: Measured | undefined };
const rounds: Round[] = [];
for (let round = 0; round < ROUNDS; round++)
  rounds.push({
    echo: await measureEcho(),
    podnet: measure(PODNET, server),
    knot: knot && measure(KNOT, knot),
  });
server.disconnect();
knot?.kill();
rmSync(folder, { recursive: true });

type Server = keyof Round;
const SERVERS: readonly Server[] = ['podnet', 'knot', 'echo'];

const samples = (who: Server, of: (measured: Measured) => number): readonly number[] =>
  rounds.flatMap((round) => (round[who] ? of(round[who]) : []));
const figure = (who: Server, of: (measured: Measured) => number, text: (value: number) => string): string => {
  const all = samples(who, of);
  return all.length > 0 ? text(percentile(all, 0.5)) : '-';
};
/** The median of the rounds' ratios. */
const ratio = (peer: Server, of: (measured: Measured) => number): string => {
  const all = rounds.flatMap((round) => (round[peer] ? of(round.podnet) / of(round[peer]) : []));
  return all.length > 0 ? percentile(all, 0.5).toFixed(2) : '-';
};
const row = (
  what: string,
  of: (measured: Measured) => number,
  text: (value: number) => string,
  target: string,
): readonly string[] => [
  what,
  ...SERVERS.map((who) => figure(who, of, text)),
  ratio('knot', of),
  ratio('echo', of),
  target,
];
const lost = (who: Server): string =>
  String(samples(who, ({ steady }) => steady.lost).reduce((sum, each) => sum + each, 0));
const thousands = (qps: number): string => `${(qps / 1000).toFixed(0)}k/s`;
const us = (value: number): string => `${value} us`;

report(
  `DNS on one core, ${SERVICES} Services, the median of ${ROUNDS} rounds in turn`,
  ['WHAT', 'PODNET', 'KNOT', 'C LOOP', 'TO KNOT', 'TO C', 'TARGET'],
  [
    row('answers a second', ({ fast }) => fast.qps, thousands, '>= 100k/s or >= 0.5'),
    row('answers a second of CPU', ({ perCpuSecond }) => perCpuSecond, thousands, '-'),
    row(`p50 at ${STEADY_RATE}/s`, ({ steady }) => steady.p50Us, us, '-'),
    row(`p99 at ${STEADY_RATE}/s`, ({ steady }) => steady.p99Us, us, '< 1 ms'),
    [`lost at ${STEADY_RATE}/s`, ...SERVERS.map(lost), '-', '-', '0'],
  ],
);
