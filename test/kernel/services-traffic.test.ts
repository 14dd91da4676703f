import { describePackets } from '../support/service-packets.ts';

describePackets('nftables', 0);
describePackets('nftables', 1);
