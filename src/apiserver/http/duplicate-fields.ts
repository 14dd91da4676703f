// Fields that stand twice in a JSON object. JSON.parse keeps the last one and says nothing; kube-apiserver tells.
// One pass over the text; call it with text that JSON.parse has accepted.

type Frame = { readonly keys: Set<string> | undefined; index: number; key: string };

// The string's pattern is unrolled: an alternation would take a stack entry for each character of a long string.
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?|[{}[\],]/g;

/** Messages as `duplicate field "spec.containers[0].name"`, each once, in order of their places. */
export const duplicateFields = (json: string): readonly string[] => {
  const found = new Set<string>();
  const stack: Frame[] = [];
  TOKENS.lastIndex = 0;
  for (let token = TOKENS.exec(json); token; token = TOKENS.exec(json)) {
    if (token[1] !== undefined) seeKey(stack, keyOf(token[0], token[1]), found);
    else seeMark(stack, token[0]);
  }
  return [...found];
};

const seeKey = (stack: readonly Frame[], key: string, found: Set<string>): void => {
  const frame = stack.at(-1)!;
  frame.key = key;
  if (frame.keys!.has(key)) found.add(`duplicate field "${pathOf(stack)}"`);
  frame.keys!.add(key);
};

const seeMark = (stack: Frame[], mark: string): void => {
  if (mark === '{') stack.push({ keys: new Set(), index: 0, key: '' });
  else if (mark === '[') stack.push({ keys: undefined, index: 0, key: '' });
  else if (mark === '}' || mark === ']') stack.pop();
  else if (mark === ',') stack.at(-1)!.index++;
};

const keyOf = (token: string, colon: string): string => {
  const quoted = token.slice(0, -colon.length);
  return quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
};

const pathOf = (stack: readonly Frame[]): string =>
  stack
    .map((frame, depth) => (frame.keys ? `${depth > 0 ? '.' : ''}${frame.key}` : `[${frame.index}]`))
    .join('')
    .replace(/^\./, '');
