// kubectl's JSONPath: what printer columns and selectable fields are written in.
// https://kubernetes.io/docs/reference/kubectl/jsonpath/; source: k8s.io/client-go/util/jsonpath/parser.go.

export type Step =
  | { readonly kind: 'member'; readonly name: string }
  | { readonly kind: 'all' }
  | { readonly kind: 'descend' }
  | { readonly kind: 'slice'; readonly from: number; readonly to: number | undefined; readonly step: number }
  | { readonly kind: 'union'; readonly paths: readonly JsonPath[] }
  | { readonly kind: 'filter'; readonly filter: Filter };

export type JsonPath = readonly Step[];

export type Operand =
  | { readonly kind: 'path'; readonly path: JsonPath }
  | { readonly kind: 'value'; readonly value: unknown };

/** Without an operator: whether the path leads anywhere. */
export type Filter = {
  readonly left: Operand;
  readonly operator: '==' | '!=' | '<' | '<=' | '>' | '>=' | undefined;
  readonly right: Operand;
};

export type ParsedPath =
  | { readonly ok: true; readonly path: JsonPath }
  | { readonly ok: false; readonly problem: string };

/** Of `.spec.a[0]['b.c']`: the text that stands between braces in kubectl's templates. */
export const parseJsonPath = (text: string): ParsedPath => {
  try {
    return { ok: true, path: stepsOf(text) };
  } catch (error) {
    if (error instanceof SyntaxError) return { ok: false, problem: error.message };
    throw error;
  }
};

const NAME = /^(?:\\.|[^\s.[\]{}()'"\\<>=!,])+/;

const stepsOf = (text: string): JsonPath => {
  const steps: Step[] = [];
  let rest = text.replace(/^[@$]/, '');
  while (rest !== '') {
    const { steps: found, length } = stepAt(rest);
    steps.push(...found);
    rest = rest.slice(length);
  }
  return steps;
};

type Found = { readonly steps: readonly Step[]; readonly length: number };

const stepAt = (text: string): Found => {
  if (text.startsWith('..')) {
    const after = text.slice(2);
    return { steps: [{ kind: 'descend' }], length: NAME.test(after) || after.startsWith('*') ? 1 : 2 };
  }
  if (text.startsWith('[')) return bracketAt(text);
  if (!text.startsWith('.'))
    throw new SyntaxError(`unrecognized character in action: ${JSON.stringify(text)}`);
  if (text.startsWith('.*')) return { steps: [{ kind: 'all' }], length: 2 };
  if (text === '.' || text.startsWith('.[')) return { steps: [], length: 1 };
  const name = NAME.exec(text.slice(1))?.[0];
  if (!name) throw new SyntaxError(`unrecognized character in action: ${JSON.stringify(text)}`);
  return { steps: [member(name.replace(/\\(.)/g, '$1'))], length: 1 + name.length };
};

const member = (name: string): Step => ({ kind: 'member', name });

const bracketAt = (text: string): Found => {
  const end = closingOf(text);
  const inside = text.slice(1, end).trim();
  return { steps: [bracketStep(inside)], length: end + 1 };
};

const closingOf = (text: string): number => {
  let [depth, quote] = [0, ''];
  for (let index = 0; index < text.length; index++) {
    const letter = text[index]!;
    if (letter === '\\') index++;
    else if (quote !== '') quote = letter === quote ? '' : quote;
    else if (letter === "'" || letter === '"') quote = letter;
    else if (letter === '[' || letter === '(') depth++;
    else if ((letter === ']' || letter === ')') && --depth === 0) return index;
  }
  throw new SyntaxError('unterminated array');
};

const bracketStep = (inside: string): Step => {
  if (inside === '*') return { kind: 'all' };
  if (inside.startsWith('?(') && inside.endsWith(')'))
    return { kind: 'filter', filter: filterOf(inside.slice(2, -1)) };
  const quoted = /^(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)")$/.exec(inside);
  if (quoted) return member((quoted[1] ?? quoted[2] ?? '').replace(/\\(.)/g, '$1'));
  const slice = /^(-?\d*)(?::(-?\d*)(?::(-?\d*))?)?$/.exec(inside);
  if (slice && inside !== '') return sliceOf(slice, inside.includes(':'));
  const parts = inside.split(',');
  if (parts.length > 1) return { kind: 'union', paths: parts.map((part) => stepsOf(`[${part.trim()}]`)) };
  throw new SyntaxError(`invalid array index ${inside}`);
};

const sliceOf = ([, from = '', to = '', step = '']: readonly string[], isRange: boolean): Step => {
  const first = from === '' ? 0 : Number(from);
  const last = isRange ? (to === '' ? undefined : Number(to)) : first === -1 ? undefined : first + 1;
  return { kind: 'slice', from: first, to: last, step: step === '' ? 1 : Number(step) };
};

const OPERATOR = /^((?:'[^']*'|"[^"]*"|[^'"<>=!])*?)\s*(==|!=|<=|>=|<|>)\s*(.*)$/;

const filterOf = (text: string): Filter => {
  const [, left, operator, right] = OPERATOR.exec(text.trim()) ?? [];
  if (!operator)
    return { left: operandOf(text.trim()), operator: undefined, right: { kind: 'value', value: true } };
  return {
    left: operandOf(left!.trim()),
    operator: operator as Filter['operator'],
    right: operandOf(right!.trim()),
  };
};

const operandOf = (text: string): Operand => {
  if (/^[@$.]/.test(text)) return { kind: 'path', path: stepsOf(text) };
  const quoted = /^(?:'([^']*)'|"([^"]*)")$/.exec(text);
  if (quoted) return { kind: 'value', value: quoted[1] ?? quoted[2] };
  if (text === 'true' || text === 'false') return { kind: 'value', value: text === 'true' };
  if (/^-?\d+(?:\.\d+)?$/.test(text)) return { kind: 'value', value: Number(text) };
  throw new SyntaxError(`unrecognized filter operand ${JSON.stringify(text)}`);
};
