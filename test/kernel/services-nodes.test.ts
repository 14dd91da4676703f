import { describe } from 'node:test';
import { describeNodePackets } from '../support/node-packets.ts';

describe('packets', () => describeNodePackets('nftables'));
