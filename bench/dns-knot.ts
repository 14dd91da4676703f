// Knot DNS, the fastest name server that Debian packages, with the zone that dns-server.ts has, on one worker. Its packages
// are fetched and unpacked into a folder of the bench, nothing is installed: no service starts on the machine.
import { type ChildProcess, spawn } from 'node:child_process';
import { globSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { extractPackages, fetchPackages } from '../src/images/build/packages.ts';

export type KnotOptions = {
  readonly folder: string;
  readonly address: string;
  readonly port: string;
  readonly services: number;
  /** Only this one is used. */
  readonly core: string;
};

/** Undefined, with a word on why, where its package cannot be had. */
export const startKnot = (options: KnotOptions): ChildProcess | undefined => {
  const root = join(options.folder, 'knot');
  try {
    const wish = { names: ['knot'], file: '/usr/sbin/knotd' };
    extractPackages(fetchPackages(wish, join(options.folder, 'packages')), root);
  } catch (error) {
    process.stderr.write(`without Knot DNS: ${(error as Error).message}\n`);
    return undefined;
  }
  const config = writeConfig(options);
  const env = { ...process.env, LD_LIBRARY_PATH: globSync(join(root, 'usr/lib/*-linux-gnu')).join(':') };
  const program = join(root, 'usr/sbin/knotd');
  return spawn('taskset', ['-c', options.core, program, '-c', config], { env, stdio: 'ignore' });
};

const writeConfig = ({ folder, address, port, services }: KnotOptions): string => {
  const [run, config, zone] = ['run', 'knot.conf', 'cluster.local.zone'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  mkdirSync(run);
  writeFileSync(
    config,
    `server:
    rundir: ${run}
    listen: ${address}@${port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: ${run}
zone:
  - domain: cluster.local
    file: ${zone}
    zonefile-sync: -1
    journal-content: none
`,
  );
  writeFileSync(zone, `${zoneLines(services).join('\n')}\n`);
  return config;
};

const zoneLines = (services: number): readonly string[] => [
  '$ORIGIN cluster.local.',
  '$TTL 5',
  '@ SOA ns.dns hostmaster 1 7200 1800 86400 5',
  '@ NS ns.dns',
  'ns.dns A 10.96.0.10',
  ...Array.from({ length: services }, (_, n) => `service-${n}.default.svc A 10.96.${n >> 8}.${n & 255}`),
];
