import { describe } from 'node:test';
import { describePolicyServices } from '../support/policy-services.ts';
import { noCgroups } from '../support/test-cgroup.ts';

describe('policies', { skip: noCgroups }, () => describePolicyServices('ebpf'));
