// Messages, `Object.spec{replicas: 3}`: the library's grammar has none. They are written as calls that it has before it reads
// the source, and told apart again in its tree.

/** `Name{a: 1}` is written as `Name.MESSAGE({"a": 1})`. */
export const MESSAGE = '__message_literal__';

export type Rewritten = {
  readonly source: string;
  /** Where a place in it is in the original. */
  readonly original: (at: number) => number;
};

/** O(length). What is no expression comes out as what is none either. */
export const rewriteMessages = (source: string): Rewritten => {
  if (!/[\w`]\s*\{/.test(source)) return { source, original: (at) => at };
  const edits = editsOf(source);
  return { source: applied(source, edits), original: (at) => originalPlace(edits, at) };
};

/** Text that takes the place of `length` characters. */
type Edit = { readonly at: number; readonly length: number; readonly text: string };

type Token = {
  readonly kind: 'name' | 'quoted' | 'sign' | 'other';
  readonly at: number;
  readonly text: string;
};

/** Texts that do not end are the last token: reading them takes no second look. */
const PLAIN =
  /[bB]?(?:"""(?:\\[^]|(?!""")[^])*(?:"""|$)|'''(?:\\[^]|(?!''')[^])*(?:'''|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?)/;
const RAW = /(?:[rR][bB]?|[bB][rR])(?:"""[^]*?(?:"""|$)|'''[^]*?(?:'''|$)|"[^"\n]*"?|'[^'\n]*'?)/;
const TOKEN = new RegExp(
  `(?<skip>\\s+|//[^\\n]*)|(?<other>${RAW.source}|${PLAIN.source})|(?<quoted>\`[^\`\\n]*\`)|(?<name>[A-Za-z_]\\w*)|(?<sign>[^])`,
  'gy',
);

const tokensOf = (source: string): readonly Token[] =>
  [...source.matchAll(TOKEN)].flatMap(({ index: at, 0: text, groups }) => {
    if (groups!['skip'] !== undefined) return [];
    const kind = (['other', 'quoted', 'name'] as const).find((each) => groups![each] !== undefined) ?? 'sign';
    return [{ kind, at, text }];
  });

const KEYWORDS = new Set(['in', 'true', 'false', 'null']);

const editsOf = (source: string): readonly Edit[] => {
  const tokens = tokensOf(source);
  const open: boolean[] = []; // for each bracket, whether it is a message's
  return tokens.flatMap((token, index) => {
    const [before, next] = [tokens[index - 1], tokens[index + 1]];
    const { kind, at, text } = token;
    if (kind !== 'sign') return open.at(-1) && isField(before, token, next) ? [quotedName(token)] : [];
    if ('({['.includes(text)) {
      const isMessage = text === '{' && before?.kind === 'name' && !KEYWORDS.has(before.text);
      open.push(isMessage);
      return isMessage ? [{ at, length: 1, text: `.${MESSAGE}({` }] : [];
    }
    return ')}]'.includes(text) && open.pop() ? [{ at, length: 1, text: '})' }] : [];
  });
};

const isField = (before: Token | undefined, { kind }: Token, next: Token | undefined): boolean =>
  kind !== 'other' && (before?.text === '{' || before?.text === ',') && next?.text === ':';

const quotedName = ({ at, text }: Token): Edit => ({
  at,
  length: text.length,
  text: JSON.stringify(text.replaceAll('`', '')),
});

const applied = (source: string, edits: readonly Edit[]): string => {
  let [text, from] = ['', 0];
  for (const edit of edits) {
    text += source.slice(from, edit.at) + edit.text;
    from = edit.at + edit.length;
  }
  return text + source.slice(from);
};

/** A place within what was put in is where that begins. */
const originalPlace = (edits: readonly Edit[], at: number): number => {
  let grown = 0;
  for (const edit of edits) {
    const start = edit.at + grown;
    if (at < start) break;
    const end = start + edit.text.length;
    if (at < end) return edit.at;
    grown += edit.text.length - edit.length;
  }
  return at - grown;
};
