// How every benchmark prints: the machine in one line, then a table.
import { cpus, release } from 'node:os';
import { renderTable } from '../src/cli/table.ts';

/** The p-th percentile (0..1) of samples, by the nearest rank. */
export const percentile = (samples: readonly number[], p: number): number => {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(p * sorted.length) - 1))]!;
};

/** Prints the question, the machine and the rows. */
export const report = (
  question: string,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): void => {
  process.stdout.write(
    `# ${question}\n# ${cpus().length} x ${cpus()[0]?.model.trim()}, Linux ${release()}, Node ${process.version}\n\n`,
  );
  process.stdout.write(`${renderTable(columns, rows)}\n`);
};
