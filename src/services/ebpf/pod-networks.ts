// The network namespaces of a node's pods: those of the processes in a cgroup and below.
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** A file of each network namespace that processes of the cgroup are in. */
export const networksOf = (cgroup: string): readonly string[] => {
  const files = processesOf(cgroup).map((pid) => `/proc/${pid}/ns/net`);
  return [...new Map(files.flatMap((file) => identityOf(file).map((id) => [id, file]))).values()];
};

const identityOf = (file: string): readonly string[] => {
  try {
    return [readlinkSync(file)];
  } catch {
    return []; // ended meanwhile
  }
};

const processesOf = (cgroup: string): readonly string[] => {
  try {
    const below = readdirSync(cgroup, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const own = readFileSync(join(cgroup, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean);
    return [...own, ...below.flatMap(({ name }) => processesOf(join(cgroup, name)))];
  } catch {
    return []; // removed meanwhile
  }
};
