// A body of YAML. A long one takes the parser seconds and hundreds of megabytes: that is done on a thread that ends with it,
// one body after the other, so that nobody else waits and nobody else's memory runs out.
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type YamlBody, type YamlOptions, parseYaml } from './parse-yaml.ts';

/** What is parsed in some milliseconds: to start a thread takes longer. */
const SHORT_CHARACTERS = 32_768;

type Limits = { readonly timeMs: number; readonly heapMegabytes: number };

/** As long as a body may take to arrive, and several times what a real manifest of the greatest length needs. */
const LIMITS: Limits = { timeMs: 30_000, heapMegabytes: 512 };

const THREAD = join(import.meta.dirname, 'yaml-thread.ts');

/** What the thread answers. */
export type YamlAnswer = { readonly body: YamlBody } | { readonly problem: string };

/** Throws Error with what is wrong with the text. */
export const readYaml = (text: string, options: YamlOptions = {}, limits = LIMITS): Promise<YamlBody> =>
  text.length <= SHORT_CHARACTERS
    ? parseYaml(text, options)
    : afterOthers(() => readAside({ text, options }, limits));

let last: Promise<unknown> = Promise.resolve();

const afterOthers = (read: () => Promise<YamlBody>): Promise<YamlBody> => {
  const result = last.then(read);
  last = result.catch(() => {});
  return result;
};

const readAside = async (workerData: object, limits: Limits): Promise<YamlBody> => {
  const resourceLimits = { maxOldGenerationSizeMb: limits.heapMegabytes };
  const thread = new Worker(THREAD, { workerData, resourceLimits });
  try {
    const signal = AbortSignal.timeout(limits.timeMs);
    const [answer] = (await once(thread, 'message', { signal })) as [YamlAnswer];
    if ('problem' in answer) throw new Error(answer.problem);
    return answer.body;
  } catch (error) {
    throw isTooDear(error as NodeJS.ErrnoException) ? tooDear(limits) : error;
  } finally {
    thread.on('error', () => {}); // of what is ended
    await thread.terminate();
  }
};

const isTooDear = ({ code }: NodeJS.ErrnoException): boolean =>
  code === 'ABORT_ERR' || code === 'ERR_WORKER_OUT_OF_MEMORY';

const tooDear = ({ timeMs, heapMegabytes }: Limits): Error =>
  new Error(`it takes more than ${timeMs / 1000} s or ${heapMegabytes} MiB to read`);
