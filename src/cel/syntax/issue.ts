// What is wrong with an expression and where, printed as cel-go prints it (common/error.go, common/errors.go).

export type Issue = {
  /** Offset in the source, in UTF-16 units. */
  readonly at: number;
  readonly message: string;
};

const MOST_ISSUES = 100;
const LONGEST_SNIPPET = 16384;

/**
 * ```
 * ERROR: <input>:1:5: undefined field 'foo'
 *  | self.foo
 *  | ....^
 * ```
 */
export const issuesText = (source: string, issues: readonly Issue[]): string => {
  const shown = issues.slice(0, MOST_ISSUES).toSorted((a, b) => a.at - b.at);
  const texts = shown.map((issue) => issueText(source, issue));
  if (issues.length > MOST_ISSUES) texts.push(`${issues.length - MOST_ISSUES} more errors were truncated`);
  return texts.join('\n');
};

const issueText = (source: string, { at, message }: Issue): string => {
  const before = source.slice(0, at);
  const lineStart = before.lastIndexOf('\n') + 1;
  const line = before.split('\n').length;
  const column = Array.from(source.slice(lineStart, at)).length;
  const head = `ERROR: <input>:${line}:${column + 1}: ${message}`;
  const snippet = source.slice(lineStart).split('\n', 1)[0]!.replaceAll('\t', ' ');
  return snippet.length > LONGEST_SNIPPET ? head : `${head}\n | ${snippet}\n | ${pointer(snippet, column)}`;
};

/** Dots up to the column and a hat under it, wide ones below characters of several bytes. */
const pointer = (snippet: string, column: number): string => {
  const characters = Array.from(snippet);
  const isWide = (character: string | undefined): boolean => (character?.codePointAt(0) ?? 0) > 0x7f;
  const dots = characters.slice(0, column).map((character) => (isWide(character) ? '\uff0e' : '.'));
  return `${dots.join('')}${isWide(characters[column]) ? '\uff3e' : '^'}`;
};
