// A node agent that says what oom_score_adj a container and an exec have that were to have -997: oom-score-agent.ts NAME FOLDER
import { runOneContainer } from './test-runtime.ts';

const [name, folder] = process.argv.slice(2) as [string, string];
const resources = { oomScoreAdj: -997 };
const { runtime, containerId } = await runOneContainer(name, folder, { resources });
const files = ['/proc/1/oom_score_adj', '/proc/self/oom_score_adj'];
const { stdout } = await runtime.execSync(containerId, ['cat', ...files], 5000);
process.stdout.write(stdout);
await runtime.close();
