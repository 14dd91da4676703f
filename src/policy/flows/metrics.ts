// What the node's view of flows cost and missed.
import { counter } from '../../metrics/counter.ts';
import type { Family } from '../../metrics/family.ts';

export const loggedPackets = counter({
  name: 'podnet_policy_flow_packets_total',
  help: 'First packets of connections that the kernel handed over, by what became of them',
  labels: ['verdict'],
});

export const lostPackets = counter({
  name: 'podnet_policy_flow_packets_lost_total',
  help: 'First packets of connections that were not looked at, since there were too many at once',
});

export const flowMetrics: readonly Family[] = [loggedPackets, lostPackets];
