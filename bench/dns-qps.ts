// How many questions a second does one node's DNS answer on one core, next to a C loop that receives, turns the question
// into an answer and sends: the least that any server does? And how late are answers at 10,000 a second? Needs cc.
// Server and asker are each bound to one core; the runs take turns, so that both meet the same noise.
import { type ChildProcess, execFileSync, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { percentile, report } from './report.ts';

const SERVICES = 8_200;
const NAMES = 500;
const ROUNDS = 5;
const SECONDS = 2;
const STEADY_RATE = 10_000;
const [PODNET, ECHO, PORT] = ['127.53.7.1', '127.53.7.2', '5353'];
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

type Measured = { readonly fast: Answered; readonly steady: Answered };

const measure = (address: string): Measured => ({ fast: ask(address, 0), steady: ask(address, STEADY_RATE) });

const measureEcho = async (): Promise<Measured> => {
  const args = ['echo', ECHO, PORT, String(2 * SECONDS + 2)];
  const echo = spawn('taskset', ['-c', SERVER_CORE, program, ...args]);
  await pause(200);
  const measured = measure(ECHO);
  await once(echo, 'exit');
  return measured;
};

const startServer = async (): Promise<ChildProcess> => {
  const server = fork(join(import.meta.dirname, 'dns-server.ts'), [PODNET, PORT, String(SERVICES), '0']);
  await once(server, 'message');
  execFileSync('taskset', ['-a', '-cp', SERVER_CORE, String(server.pid)], { stdio: 'ignore' });
  return server;
};

const server = await startServer();
const rounds: { readonly echo: Measured; readonly podnet: Measured }[] = [];
for (let round = 0; round < ROUNDS; round++)
  rounds.push({ echo: await measureEcho(), podnet: measure(PODNET) });
server.disconnect();
rmSync(folder, { recursive: true });

type Round = (typeof rounds)[number];
const median = (of: (round: Round) => number): number => percentile(rounds.map(of), 0.5);
const thousands = (qps: number): string => `${(qps / 1000).toFixed(0)}k/s`;
const rate = (who: keyof Round): string =>
  `${thousands(median((round) => round[who].fast.qps))}, best ${thousands(Math.max(...rounds.map((round) => round[who].fast.qps)))}`;
const steady = (who: keyof Round, what: 'p50Us' | 'p99Us'): string =>
  `${median((round) => round[who].steady[what])} us, best ${Math.min(...rounds.map((round) => round[who].steady[what]))} us`;
const lost = (who: keyof Round): string =>
  String(rounds.reduce((sum, round) => sum + round[who].steady.lost, 0));
const ratio = (of: (measured: Measured) => number): string =>
  median(({ podnet, echo }) => of(podnet) / of(echo)).toFixed(2);

report(
  `DNS on one core, ${SERVICES} Services, the median of ${ROUNDS} rounds in turn`,
  ['WHAT', 'PODNET', 'C LOOP', 'RATIO', 'TARGET'],
  [
    ['answers a second', rate('podnet'), rate('echo'), ratio(({ fast }) => fast.qps), '>= 100k/s or >= 0.5'],
    ...(['p50Us', 'p99Us'] as const).map((what) => [
      `${what.slice(0, 3)} at ${STEADY_RATE}/s`,
      steady('podnet', what),
      steady('echo', what),
      ratio((measured) => measured.steady[what]),
      what === 'p99Us' ? '< 1 ms' : '-',
    ]),
    [`lost at ${STEADY_RATE}/s`, lost('podnet'), lost('echo'), '-', '0'],
  ],
);
