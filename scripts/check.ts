// npm run check: everything that needs no root, in seconds: types, lint, format, dead code, architecture, unit tests.
import { globSync } from 'node:fs';
import { ROOT, bin, run } from './run.ts';

const unitTests = globSync(['src/**/*.test.ts', 'test/*.test.ts'], { cwd: ROOT });

const steps: readonly (readonly [string, string, readonly string[]])[] = [
  ['types', bin('tsc'), []],
  ['lint', bin('oxlint'), ['--type-aware', '--quiet']],
  ['format', bin('oxfmt'), ['--check', 'src', 'test', 'bench', 'scripts']],
  ['dead code', bin('knip'), ['--no-progress']],
  ['unit tests', process.execPath, ['--test', '--test-reporter=dot', ...unitTests]],
];

const failed = steps.filter(([name, command, args]) => {
  const start = performance.now();
  const code = run(command, args);
  process.stdout.write(
    `${code === 0 ? 'ok  ' : 'FAIL'} ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)\n`,
  );
  return code !== 0;
});
process.exit(failed.length === 0 ? 0 : 1);
