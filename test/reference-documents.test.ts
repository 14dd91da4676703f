// The lists of behaviours name tests that are there, and leave none of their numbers out.
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

const ROOT = join(import.meta.dirname, '..');
/** Where a name begins, as the documents say above their tables. */
const FOLDERS = ['', 'src/apiserver/', 'src/endpoints/', 'src/policy/model/'];

type Row = { readonly number: string; readonly tests: string };

const textOf = (name: string): string => readFileSync(join(ROOT, 'docs/reference', name), 'utf8');

/** The rows whose first cell is a number. */
const rowsOf = (text: string): readonly Row[] =>
  [...text.matchAll(/^\| (\d+) \|.*\| (.*) \|$/gm)].map(([, number, tests]) => ({
    number: number!,
    tests: tests!,
  }));

/** What stands for a test's file: `SEL` is `src/services/topology.test.ts`, and so on. */
const ABBREVIATIONS = /\b(SEL|TRACE|CHOICE|OUT|CON|TRAFFIC|SITE|UPKEEP)\b/;

const filesIn = (text: string): readonly string[] =>
  [...text.matchAll(/`\/?([^`\s]+\.ts)`/g)].map(([, file]) => file!.replace(/^END\//, ''));

const isThere = (file: string): boolean =>
  FOLDERS.some(
    (folder) => existsSync(join(ROOT, folder, file)) || globSync(folder + file, { cwd: ROOT }).length > 0,
  );

describe('docs/reference', () => {
  for (const [name, last, without] of [
    ['services.md', 72, []],
    ['dns.md', 36, ['15']],
    ['network-policy.md', 30, []],
  ] as const) {
    it(`${name}: each behaviour has its row, and each row its test`, () => {
      const rows = rowsOf(textOf(name));
      const wanted = Array.from({ length: last }, (_, n) => String(n + 1));
      const numbers = new Set(rows.map(({ number }) => number));
      assert.deepEqual(
        wanted.filter((number) => !numbers.has(number)),
        without,
      );
      for (const { number, tests } of rows)
        assert.ok(filesIn(tests).length > 0 || ABBREVIATIONS.test(tests), `row ${number} names no test`);
    });
  }

  for (const name of ['services.md', 'dns.md', 'network-policy.md', 'cluster-network-policy.md']) {
    it(`${name}: every test that it names is there`, () => {
      const files = filesIn(textOf(name));
      assert.ok(files.length > 20);
      assert.deepEqual(
        files.filter((file) => !isThere(file)),
        [],
      );
    });
  }
});
