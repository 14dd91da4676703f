// Property names as CEL identifiers (k8s.io/apiserver/pkg/cel/escaping.go): `x-y` is `x__dash__y`, `in` is `__in__`.

const RESERVED = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);
const SYMBOLS: Readonly<Record<string, string>> = {
  __: '__underscores__',
  '.': '__dot__',
  '-': '__dash__',
  '/': '__slash__',
};
const SYMBOL_OF = new Map(Object.entries(SYMBOLS).map(([symbol, text]) => [text, symbol]));

/** The identifier for a property, undefined if none can stand for it. */
export const escapeName = (name: string): string | undefined => {
  if (RESERVED.has(name)) return `__${name}__`;
  if (!/^[A-Za-z_.\-/][\w.\-/]*$/.test(name)) return undefined;
  return name.replace(/__|[.\-/]/g, (symbol) => SYMBOLS[symbol]!);
};

/** The property that an identifier stands for. */
export const unescapeName = (identifier: string): string => {
  const keyword = /^__(.+)__$/.exec(identifier)?.[1];
  if (keyword !== undefined && RESERVED.has(keyword)) return keyword;
  return identifier.replace(/__(?:underscores|dot|dash|slash)__/g, (text) => SYMBOL_OF.get(text)!);
};
