// Who the kernel kills first when memory runs out: oom_score_adj, -1000 (never) to 1000.
import { readFileSync } from 'node:fs';

const LEAST = -1000;

/** linux/capability.h: the bit of CAP_SYS_RESOURCE. */
const CAP_SYS_RESOURCE = 24n;

/** user_namespaces(7): how the machine's own user namespace is mapped; in no other one does a capability count here. */
const WHOLE_MAP = /^\s*0\s+0\s+4294967295\s*$/;

/** The least oom_score_adj that this process may give to its children: without the right to lower it, its own. */
export const leastOomScoreAdj = (): number =>
  mayLower() ? LEAST : Number(readFileSync('/proc/self/oom_score_adj', 'utf8'));

const mayLower = (): boolean => {
  const [, effective] = /^CapEff:\t([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  const has = ((BigInt(`0x${effective ?? '0'}`) >> CAP_SYS_RESOURCE) & 1n) === 1n;
  return has && WHOLE_MAP.test(readFileSync('/proc/self/uid_map', 'utf8'));
};
