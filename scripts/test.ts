// npm test: all tests. Unit tests and tests in fresh namespaces side by side, then those that start whole clusters,
// one after the other.
import { globSync } from 'node:fs';
import { ROOT, run } from './run.ts';

const alone = globSync('test/cluster/**/*.test.ts', { cwd: ROOT });
const together = globSync(['src/**/*.test.ts', 'test/**/*.test.ts'], { cwd: ROOT }).filter(
  (file) => !alone.includes(file),
);

const test = (files: readonly string[], concurrency: number): number =>
  files.length === 0
    ? 0
    : run(process.execPath, [
        '--test',
        `--test-concurrency=${concurrency}`,
        '--test-timeout=300000',
        ...files,
      ]);

process.exit(test(together, 2) || test(alone, 1));
