// What podnet may leave nothing in: the host's namespaces, links, rules, mounts, cgroups, routes, sysctls, processes.
import { readFileSync, readdirSync } from 'node:fs';
import { runOk } from './test-cluster.ts';

export type HostState = Readonly<Record<string, readonly string[]>>;

export const readHostState = async (): Promise<HostState> => ({
  netns: lines(await runOk('ip', ['netns'])).map((line) => line.split(' ')[0]!),
  links: lines(await runOk('ip', ['-o', 'link'])).map((line) => line.split(': ')[1]!),
  routes: [...lines(await runOk('ip', ['route'])), ...lines(await runOk('ip', ['-6', 'route']))],
  rules: lines(await runOk('nft', ['list', 'ruleset'])),
  mounts: lines(readFileSync('/proc/self/mounts', 'utf8')),
  cgroups: [...new Set(cgroupsOfPodnet())],
  sysctls: ['net/ipv4/ip_forward', 'net/ipv6/conf/all/forwarding'].map((name) =>
    readFileSync(`/proc/sys/${name}`, 'utf8').trim(),
  ),
});

const lines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .sort();

const cgroupsOfPodnet = (): string[] =>
  ['/sys/fs/cgroup', ...readdirSync('/sys/fs/cgroup').map((name) => `/sys/fs/cgroup/${name}`)]
    .flatMap((folder) => list(folder))
    .filter((name) => name.startsWith('podnet'));

const list = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};

/** The pids of processes whose command line names `text`. */
export const processesWith = (text: string): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => commandLine(pid).includes(text))
    .map(Number);

const commandLine = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
};
