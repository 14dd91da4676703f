// A node agent in which an exec fails, and which then removes the pod: failed-exec-agent.ts NAME FOLDER
import { runOneContainer } from './test-runtime.ts';

const [name, folder] = process.argv.slice(2) as [string, string];
const { runtime, sandboxId, containerId } = await runOneContainer(name, folder);
for (let round = 0; round < 3; round++)
  await runtime.execSync(containerId, ['/no/such/program'], 5000).catch(({ code }) => console.log(code));
await runtime.removePodSandbox(sandboxId);
console.log('removed');
await runtime.close();
