import { describe } from 'node:test';
import { describePolicyServices } from '../support/policy-services.ts';

describe('policies', () => describePolicyServices('nftables'));
