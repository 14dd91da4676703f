// A node's policies in the kernel, and nothing else of the node: packets of anybody go in at one interface, and those that
// may pass come out at another.
import { execFileSync } from 'node:child_process';
import { createNetns, deleteNetns, withNetns } from '../../src/kernel/netns.ts';
import { openNft } from '../../src/kernel/nft.ts';
import type { Nft } from '../../src/kernel/nft.ts';
import { writeSysctl } from '../../src/kernel/sysctl.ts';
import { systemClock as clock } from '../../src/lang/clock.ts';
import { silentLog as log } from '../../src/lang/log.ts';
import { PolicyTable } from '../../src/policy/kernel/policy-table.ts';
import { eventually } from './poll.ts';
import { routedText } from './raw-packets.ts';
import { openTun } from './tun.ts';

export type PolicyRouter = {
  readonly table: PolicyTable;
  /** Which of the packets come out. */
  readonly pass: (packets: readonly Uint8Array[]) => Promise<readonly boolean[]>;
  /** Forgets all connections. */
  readonly forget: () => void;
  readonly close: () => void;
};

const SYSCTLS = [
  ['net/ipv4/ip_forward', '1'],
  ['net/ipv6/conf/all/forwarding', '1'],
  ['net/ipv4/conf/all/rp_filter', '0'],
  ['net/ipv4/conf/default/rp_filter', '0'],
  ['net/netfilter/nf_conntrack_checksum', '0'],
] as const;

export const createPolicyRouter = (name: string): PolicyRouter => {
  const netns = createNetns(name);
  const ip = (...args: readonly string[]): void => void execFileSync('ip', ['-n', name, ...args]);
  const { nft, table, entry, exit } = withNetns(netns, () => {
    const nft = openNft();
    nft.run(COUNTERS);
    const table = PolicyTable.open({ nft, clock, log, dnsAddresses: [] }, new Map());
    const [entry, exit] = [openTun('entry'), openTun('exit')];
    for (const [path, value] of SYSCTLS) writeSysctl(path, value);
    return { nft, table, entry, exit };
  });
  for (const device of ['entry', 'exit']) ip('link', 'set', device, 'up');
  ip('route', 'add', 'default', 'dev', 'exit');
  ip('-6', 'route', 'add', 'default', 'dev', 'exit');

  const pass = async (packets: readonly Uint8Array[]): Promise<readonly boolean[]> => {
    const passed = new Set<string>();
    const sent = packets.map(routedText);
    const before = { asked: countIn(nft, 'asked'), passed: countIn(nft, 'passed') };
    packets.forEach(entry.write);
    await eventually('every packet is through', () => {
      for (let packet = exit.read(); packet; packet = exit.read()) passed.add(routedText(packet));
      const isAsked = countIn(nft, 'asked') - before.asked === packets.length;
      const through = sent.filter((text) => passed.has(text)).length;
      return isAsked && countIn(nft, 'passed') - before.passed === through;
    });
    return sent.map((text) => passed.has(text));
  };
  return {
    table,
    pass,
    forget: () => void execFileSync('ip', ['netns', 'exec', name, 'conntrack', '-F'], { stdio: 'ignore' }),
    close: () => {
      entry.close();
      exit.close();
      nft.close();
      deleteNetns(name);
    },
  };
};

/** Counts the packets before the policies and after them. */
const COUNTERS = [
  'add table inet tally',
  'add chain inet tally asked { type filter hook forward priority -10; }',
  'add rule inet tally asked counter',
  'add chain inet tally passed { type filter hook forward priority 10; }',
  'add rule inet tally passed counter',
].join('\n');

const countIn = (nft: Nft, chain: 'asked' | 'passed'): number =>
  nft
    .query(`list chain inet tally ${chain}`)
    .flatMap(
      ({ rule }) => (rule?.['expr'] ?? []) as readonly { readonly counter?: { readonly packets: number } }[],
    )
    .reduce((sum, { counter }) => sum + (counter?.packets ?? 0), 0);
