// CoreDNS' configuration file as a tree (coredns.io/manual/toc/#configuration). Pure; knows no plugin.
//
//   ZONE ... {                    block
//       NAME ARGUMENT ... {       directive
//           NAME ARGUMENT ...     directive
//       }
//   }

export type Directive = {
  readonly name: string;
  readonly args: readonly string[];
  readonly line: number;
  readonly block: readonly Directive[];
};

export type ParsedCorefile =
  | { readonly ok: true; readonly blocks: readonly Directive[] }
  | { readonly ok: false; readonly reason: string };

type Line = { readonly tokens: readonly string[]; readonly line: number };

/** Blocks are directives whose name and arguments are zones. */
export const parseCorefile = (text: string): ParsedCorefile => {
  const lines = text
    .split('\n')
    .map((content, index): Line => ({ tokens: tokensOf(content), line: index + 1 }))
    .filter(({ tokens }) => tokens.length > 0);
  const reader = { lines, at: 0 };
  try {
    const blocks = readDirectives(reader, 0);
    return { ok: true, blocks };
  } catch (error) {
    if (!(error instanceof CorefileError)) throw error;
    return { ok: false, reason: error.message };
  }
};

class CorefileError extends Error {}

type Reader = { readonly lines: readonly Line[]; at: number };

const DEPTH_MAX = 4;

const readDirectives = (reader: Reader, depth: number): readonly Directive[] => {
  const directives: Directive[] = [];
  while (reader.at < reader.lines.length) {
    const { tokens, line } = reader.lines[reader.at++]!;
    if (tokens.length === 1 && tokens[0] === '}') {
      if (depth === 0) throw new CorefileError(`line ${line}: '}' closes nothing`);
      return directives;
    }
    directives.push(readDirective(reader, { tokens, line }, depth));
  }
  if (depth > 0) throw new CorefileError("the end comes before a '}'");
  return directives;
};

const readDirective = (reader: Reader, { tokens, line }: Line, depth: number): Directive => {
  const opens = tokens.at(-1) === '{';
  const [name, ...args] = opens ? tokens.slice(0, -1) : tokens;
  if (name === undefined) throw new CorefileError(`line ${line}: '{' belongs to nothing`);
  if ([name, ...args].some((token) => token === '{' || token === '}'))
    throw new CorefileError(`line ${line}: '{' ends a line, and '}' has its own`);
  if (opens && depth >= DEPTH_MAX) throw new CorefileError(`line ${line}: too many blocks in each other`);
  return { name, args, line, block: opens ? readDirectives(reader, depth + 1) : [] };
};

/** Words, or texts in quotes; `#` begins a comment. */
const tokensOf = (line: string): readonly string[] =>
  [...line.replace(/(^|\s)#.*$/, '').matchAll(/"((?:\\.|[^"\\])*)"|([^\s"]+)/g)].map(
    ([, quoted, word]) => word ?? quoted!.replace(/\\(.)/g, '$1'),
  );
