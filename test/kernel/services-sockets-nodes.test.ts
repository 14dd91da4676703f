import { describe } from 'node:test';
import { describeNodePackets } from '../support/node-packets.ts';
import { noCgroups } from '../support/test-cgroup.ts';

describe('sockets first', { skip: noCgroups }, () => describeNodePackets('ebpf'));
