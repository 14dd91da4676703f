import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { PROCESS_FLAGS } from './cli/process-flags.ts';

/** What a program prints that is run as a cluster's process is, in this folder. */
const outputOf = (program: string): string =>
  execFileSync(process.execPath, [...PROCESS_FLAGS, '--input-type=module', '-e', program], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  }).trim();

const ABSENT = `import('./lang/absent.ts').catch(({ code, message }) => console.log(code, message))`;

describe('resolve.ts', () => {
  it('finds modules, and what they import of packages and of Node', () => {
    const program = `
      const { createLog } = await import('./lang/log.ts'); // pino
      const { nodeHttp } = await import('./lang/node-http.ts');
      console.log(typeof createLog, nodeHttp().STATUS_CODES[404]);`;
    assert.equal(outputOf(program), 'function Not Found');
  });

  it('says which module is not there, without having looked for it', () => {
    assert.match(outputOf(ABSENT), /^ENOENT .*lang\/absent\.ts/);
  });

  it('is in the threads of the process too', () => {
    const program = `
      import { Worker } from 'node:worker_threads';
      new Worker(${JSON.stringify(ABSENT)}, { eval: true });`;
    assert.match(outputOf(program), /^ENOENT /);
  });
});
