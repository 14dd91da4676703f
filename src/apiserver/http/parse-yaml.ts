// A text of YAML as a value, in time that grows with its length only. The parser alone takes a minute for a map of 60,000
// keys, since it compares each with all before it, and as long for what does nothing but nest.
import type { Document, LineCounter } from 'yaml';

export type YamlBody = {
  readonly value: unknown;
  /** Keys that stand twice in a map, as Go's YAML tells of them; the last one counts. */
  readonly duplicates: readonly string[];
};

export type YamlOptions = {
  /** Go's decoder of server-side apply is of version 1.1: `yes` and `on` are true. */
  readonly version?: '1.1';
  /** Whether `<<` takes in the keys of another map. */
  readonly merge?: boolean;
};

/** An alias may stand for so many nodes altogether. */
const ALIASES_MAX = 100;
/** Brackets and dashes in a row that open something: more than any object has levels (see nesting.ts). */
const OPEN_MAX = 1000;

/** Throws Error with what is wrong with the text. */
export const parseYaml = async (text: string, options: YamlOptions = {}): Promise<YamlBody> => {
  if (opensTooMuch(text)) throw new Error(`more than ${OPEN_MAX} levels`);
  const yaml = await import('yaml');
  const lines = new yaml.LineCounter();
  const document = yaml.parseDocument(text, { ...options, uniqueKeys: false, lineCounter: lines });
  const [fatal] = document.errors;
  if (fatal) throw fatal;
  return {
    value: document.toJS({ maxAliasCount: ALIASES_MAX }) as unknown,
    duplicates: duplicatesIn(document, lines, yaml),
  };
};

const duplicatesIn = (
  document: Document.Parsed,
  lines: LineCounter,
  { isScalar, visit }: typeof import('yaml'),
): readonly string[] => {
  const found: string[] = [];
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key) || key.value === '<<') continue;
        if (seen.has(key.value)) {
          const { line } = lines.linePos(key.range?.[0] ?? 0);
          found.push(`line ${line}: key ${JSON.stringify(String(key.value))} already set in map`);
        }
        seen.add(key.value);
      }
    },
  });
  return found;
};

// A rough count, which takes brackets in texts for brackets: no text of an object has a thousand that are not closed.
const opensTooMuch = (text: string): boolean => {
  let [open, dashes] = [0, 0];
  for (let index = 0; index < text.length; index++) {
    const letter = text[index];
    if (letter === '[' || letter === '{') open++;
    else if ((letter === ']' || letter === '}') && open > 0) open--;
    if ((letter === '-' || letter === '?') && text[index + 1] === ' ') dashes++;
    else if (letter !== ' ') dashes = 0;
    if (open > OPEN_MAX || dashes > OPEN_MAX) return true;
  }
  return false;
};
