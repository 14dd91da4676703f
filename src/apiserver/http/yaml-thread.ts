// The thread of read-yaml.ts: parses the one text that it was started with.
import { parentPort, workerData } from 'node:worker_threads';
import { type YamlOptions, parseYaml } from './parse-yaml.ts';
import type { YamlAnswer } from './read-yaml.ts';

const { text, options } = workerData as { readonly text: string; readonly options: YamlOptions };

const answer: YamlAnswer = await parseYaml(text, options).then(
  (body) => ({ body }),
  (error: Error) => ({ problem: error.message }),
);
parentPort!.postMessage(answer);
