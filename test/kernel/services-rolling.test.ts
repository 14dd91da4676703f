import { describeRollingUpdates } from '../support/rolling-updates.ts';

describeRollingUpdates('nftables', 0);
describeRollingUpdates('nftables', 1);
