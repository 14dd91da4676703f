// A node agent that runs one container, tells which, and waits to be killed: runtime-agent.ts NAME FOLDER
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runOneContainer } from './test-runtime.ts';

const [name, folder] = process.argv.slice(2) as [string, string];
const { sandboxId, containerId } = await runOneContainer(name, folder);
const crun = join(folder, 'run/node-1/crun');
const [container] = readdirSync(crun);
const { pid } = JSON.parse(readFileSync(join(crun, container!, 'status'), 'utf8')) as { pid: number };
process.send!({ sandboxId, containerId, pid });
setInterval(() => {}, 1000);
