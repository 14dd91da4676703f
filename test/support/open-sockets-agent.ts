// Run by a test with and without the right to load programs: prints which back end it gets.
import { systemClock } from '../../src/lang/clock.ts';
import { createLog } from '../../src/lang/log.ts';
import { openSockets } from '../../src/services/ebpf/open-sockets.ts';

const options = { podCgroup: process.argv[2]!, clock: systemClock, log: createLog('test') };
const sockets = await openSockets({ ...options, backEnd: 'auto' });
process.stdout.write(sockets ? 'sockets\n' : 'packets\n');
