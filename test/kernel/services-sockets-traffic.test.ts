import { describe } from 'node:test';
import { describePackets } from '../support/service-packets.ts';
import { noCgroups } from '../support/test-cgroup.ts';

describe('sockets first', { skip: noCgroups }, () => {
  describePackets('ebpf', 0);
  describePackets('ebpf', 1);
});
