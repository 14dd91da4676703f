// What does it cost a new connection that the node sees it, by nftables' log and by a subscription to conntrack's events; and
// what does it cost the agent to read of it? Datagrams from one pod through its node to another one, each of a connection
// of its own; the ways take turns, so that all meet the same noise. Needs root, cc and conntrack.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  bind,
  closeDescriptor,
  growReceiveBuffer,
  recv,
  setIntOption,
  socket,
} from '../src/kernel/ffi/libc.ts';
import { isKernelError } from '../src/kernel/kernel-error.ts';
import { withNetns } from '../src/kernel/netns.ts';
import { openPacketLog } from '../src/kernel/packet-log.ts';
import { decodeFlow } from '../src/wire/conntrack.ts';
import { decodeMessages } from '../src/wire/netlink.ts';
import { createLab, podAddresses } from '../test/support/service-lab.ts';
import { percentile, report } from './report.ts';

const FLOWS = 20_000;
const ROUNDS = 9;
const GROUP = 112;
const PEER = podAddresses(2)[0];

const folder = mkdtempSync(join(tmpdir(), 'podnet-bench-'));
const program = join(folder, 'new-flows');
execFileSync('cc', ['-O2', '-o', program, join(import.meta.dirname, 'new-flows.c')]);
const lab = await createLab('policy-flows', 2);

/** Reads what has come and gives how many connections that were. */
type Reader = { readonly read: () => number; readonly close: () => void };

const openLog = (): Reader => {
  const log = openPacketLog(GROUP);
  const read = (): number => {
    let count = 0;
    for (let batch = log.take(); batch.packets.length > 0; batch = log.take()) count += batch.packets.length;
    return count;
  };
  return { read, close: log.close };
};

const SOL_NETLINK = 270;
const ADD_MEMBERSHIP = 1;
const NEW = 1; // NFNLGRP_CONNTRACK_NEW
const DONT_WAIT = 0x40;

const openEvents = (): Reader => {
  const what = 'subscribe to connections';
  const fd = socket(what, 16, 3, 12); // AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER
  bind(what, fd, Uint8Array.of(16, ...new Uint8Array(11)));
  growReceiveBuffer(what, fd, 64 << 20);
  setIntOption(what, { fd, level: SOL_NETLINK, name: ADD_MEMBERSHIP, value: NEW });
  const buffer = new Uint8Array(1 << 16);
  const read = (): number => {
    for (let count = 0; ;) {
      try {
        const length = recv(what, fd, buffer, DONT_WAIT);
        for (const { payload } of decodeMessages(buffer.slice(0, length))) if (decodeFlow(payload)) count++;
      } catch (error) {
        if (isKernelError(error, 'EAGAIN')) return count;
        throw error;
      }
    }
  };
  return { read, close: () => closeDescriptor(fd) };
};

type Way = { readonly name: string; readonly rule?: string; readonly open?: () => Reader };

const log = `log prefix "allowed" group ${GROUP}`;
const WAYS: readonly Way[] = [
  { name: 'not seen' },
  { name: 'log, nobody reads', rule: log },
  { name: 'log', rule: log, open: openLog },
  {
    name: 'log, at most 1,000 a second',
    rule: `limit rate 1000/second burst 1000 packets ${log}`,
    open: openLog,
  },
  { name: 'conntrack events', open: openEvents },
];

const TABLE = [
  'add table inet bench',
  'add chain inet bench f { type filter hook forward priority 0; policy accept; }',
  'flush table inet bench',
  'add rule inet bench f ct state established,related accept',
];

type Figures = { readonly nanoseconds: number[]; readonly readMicroseconds: number[]; seen: number };
const figures = new Map<string, Figures>(
  WAYS.map(({ name }) => [name, { nanoseconds: [], readMicroseconds: [], seen: 0 }]),
);

const measure = async ({ name, rule, open }: Way): Promise<void> => {
  const rules = rule === undefined ? TABLE : [...TABLE, `add rule inet bench f ${rule}`];
  await lab.onNode('nft', rules.join('; '));
  await lab.onNode('conntrack', '-F');
  const reader = open && withNetns(lab.nodeNetns, open);
  const of = figures.get(name)!;
  of.nanoseconds.push(Number(await lab.onPod(1, program, PEER, String(FLOWS))));
  const before = process.cpuUsage();
  of.seen = reader?.read() ?? 0;
  const { user, system } = process.cpuUsage(before);
  if (of.seen > 0) of.readMicroseconds.push((user + system) / of.seen);
  reader?.close();
};

try {
  // the other pod answers nothing, not even that nobody listens
  await lab.onPod(
    2,
    'nft',
    'add table netdev bench; add chain netdev bench c { type filter hook ingress device eth0 priority 0; }; add rule netdev bench c udp dport 1-65535 drop',
  );
  for (let round = 0; round < ROUNDS; round++) for (const way of WAYS) await measure(way);
  const base = percentile(figures.get('not seen')!.nanoseconds, 0.5);
  report(
    `What it costs a new connection to be seen: ${ROUNDS} rounds of ${FLOWS} connections`,
    ['WAY', 'US A CONNECTION (P50)', 'MIN', 'MORE', 'SEEN', 'US TO READ ONE (P50)'],
    [...figures].map(([name, { nanoseconds, readMicroseconds, seen }]) => {
      const p50 = percentile(nanoseconds, 0.5);
      return [
        name,
        (p50 / 1000).toFixed(2),
        (Math.min(...nanoseconds) / 1000).toFixed(2),
        `${Math.round((p50 / base - 1) * 100)} %`,
        String(seen),
        readMicroseconds.length > 0 ? percentile(readMicroseconds, 0.5).toFixed(1) : '',
      ];
    }),
  );
} finally {
  await lab.close();
  rmSync(folder, { recursive: true });
}
