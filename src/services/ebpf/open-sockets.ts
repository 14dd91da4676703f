// Which of the back ends translate here: what was asked for, as far as the kernel can.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { unifiedCgroupRoot } from '../../kernel/unified-cgroup.ts';
import type { Clock } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import type { SocketTranslation } from './socket-translation.ts';

/** `ebpf` translates sockets where it can, the packets of all others by nftables; `auto` does so if the kernel can. */
export type BackEnd = 'nftables' | 'ebpf' | 'auto';

type SocketOptions = {
  readonly backEnd: BackEnd;
  /** The cgroup of this node's pods whose sockets may be translated, e.g. `/podnet/CLUSTER/NODE/pods`. */
  readonly podCgroup: string;
  readonly clock: Clock;
  readonly log: Log;
};

/** Undefined where packets are translated only. */
export const openSockets = async (options: SocketOptions): Promise<SocketTranslation | undefined> => {
  const { backEnd, podCgroup, clock, log } = options;
  const root = unifiedCgroupRoot();
  const cgroup = root && join(root, podCgroup);
  if (backEnd === 'nftables' && !(cgroup && existsSync(cgroup))) return undefined; // most nodes, and nothing is loaded
  const { SocketTranslation } = await import('./socket-translation.ts');
  try {
    if (!cgroup) throw new Error('cgroups of version 2 are not mounted');
    if (backEnd !== 'nftables') return SocketTranslation.open(cgroup, clock, log);
    SocketTranslation.remove(cgroup);
  } catch (error) {
    log[backEnd === 'ebpf' ? 'warn' : 'info']({ err: error }, 'sockets are not translated, packets are');
  }
  return undefined;
};
