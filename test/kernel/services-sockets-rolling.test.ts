import { describe } from 'node:test';
import { describeRollingUpdates } from '../support/rolling-updates.ts';
import { noCgroups } from '../support/test-cgroup.ts';

describe('sockets first', { skip: noCgroups }, () => {
  describeRollingUpdates('ebpf', 0);
  describeRollingUpdates('ebpf', 1);
});
