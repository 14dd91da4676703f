// Source text to our tree. The grammar is the library's; positions and macros come out as in cel-go.
import { createRequire } from 'node:module';
import type { ASTNode } from '@marcbachmann/cel-js';
import { lazy } from '../../lang/lazy.ts';
import { Uint } from '../values/value.ts';
import type { Value } from '../values/value.ts';
import { call, dottedName, ident, list, literal, relocated } from './expression.ts';
import type { Expression, MessageExpression } from './expression.ts';
import { SyntaxIssue, expandHas, expandMacro } from './macros.ts';
import type { Issue } from './issue.ts';
import { MESSAGE, rewriteMessages } from './messages.ts';

export type Parsed =
  | { readonly ok: true; readonly expression: Expression }
  | { readonly ok: false; readonly issues: readonly Issue[] };

/** As cel-go and kube-apiserver bound them. */
const LONGEST_SOURCE = 100_000;
const DEEPEST = 250;
/** Chains such as `a + b + c` lean to one side: they may be longer than brackets may nest, but not without end. */
const LONGEST_CHAIN = 2500;
const [MIN_INT, MAX_INT, MAX_UINT] = [-(2n ** 63n), 2n ** 63n - 1n, 2n ** 64n - 1n];

/** Loaded by the first expression: a cluster may have none. */
const library = lazy(
  () => createRequire(import.meta.url)('@marcbachmann/cel-js') as typeof import('@marcbachmann/cel-js'),
);
const parser = lazy(() => {
  const { Environment } = library();
  return new Environment({ enableOptionalTypes: true, limits: { maxDepth: DEEPEST } });
});

/** Parses an expression; what is wrong with it comes back as issues. O(length). */
export const parse = (source: string): Parsed => {
  if (source.length > LONGEST_SOURCE) {
    const message = `expression code point size exceeds limit: size: ${source.length}, limit ${LONGEST_SOURCE}`;
    return { ok: false, issues: [{ at: 0, message }] };
  }
  const { source: text, original } = rewriteMessages(source);
  try {
    const expression = toExpression(parser().parse(text).ast, { source: text, depth: 0 });
    return { ok: true, expression: text === source ? expression : relocated(expression, original) };
  } catch (error) {
    const { at, message } = issueOf(error);
    return { ok: false, issues: [{ at: original(at), message }] };
  }
};

const issueOf = (error: unknown): Issue => {
  if (error instanceof SyntaxIssue) return error.issue;
  // The library's descent has no bound of its own for `!!!!...`.
  if (error instanceof RangeError) return { at: 0, message: tooDeep };
  if (!(error instanceof library().ParseError)) throw error;
  const at = error.range?.start ?? 0;
  if (error.code === 'limit_exceeded') return { at, message: tooDeep };
  if (error.code === 'invalid_macro_argument') return { at, message: macroMessage(error.summary) };
  return { at, message: `Syntax error: ${error.summary}` };
};

const tooDeep = `expression recursion limit exceeded: ${DEEPEST}`;

const macroMessage = (summary: string): string =>
  summary.startsWith('has') ? 'invalid argument to has() macro' : 'argument must be a simple name';

type Context = { readonly source: string; readonly depth: number };

const toExpression = (node: ASTNode, outer: Context): Expression => {
  const context = { source: outer.source, depth: outer.depth + 1 };
  if (context.depth > LONGEST_CHAIN) throw new SyntaxIssue(node.start, tooDeep);
  const convert = (child: ASTNode): Expression => toExpression(child, context);
  if (node.op === 'value') return literal(node.start, literalValue(node.start, node.args));
  if (node.op === 'id') return ident(node.start, node.args);
  if (node.op === 'list') return list(node.start, ...node.args.map(convert));
  if (node.op === 'map') {
    const entries = node.args.map(([key, value]) => [convert(key), convert(value)] as const);
    return { kind: 'map', at: node.start, entries };
  }
  if (node.op === '!_') return call(node.start, '!_', convert(node.args));
  if (node.op === '-_') return negated(node.start, node.args, convert);
  if (node.op === 'call' || node.op === 'rcall') return toCall(node, context, convert);
  return toOperator(node, context, convert);
};

type Convert = (node: ASTNode) => Expression;
type NodeOf<Op extends ASTNode['op']> = Extract<ASTNode, { readonly op: Op }>;

const literalValue = (at: number, value: NodeOf<'value'>['args']): Value => {
  if (typeof value === 'bigint') return checkedInt(at, value);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  const number = BigInt(value.valueOf() as bigint);
  if (number > MAX_UINT) throw new SyntaxIssue(at, 'invalid uint literal');
  return new Uint(number);
};

const checkedInt = (at: number, value: bigint): bigint => {
  if (value < MIN_INT || value > MAX_INT) throw new SyntaxIssue(at, 'invalid int literal');
  return value;
};

/** `-5` is a literal: the least int has no positive counterpart. */
const negated = (at: number, operand: ASTNode, convert: Convert): Expression => {
  if (operand.op === 'value' && typeof operand.args === 'bigint')
    return literal(at, checkedInt(at, -operand.args));
  if (operand.op === 'value' && typeof operand.args === 'number') return literal(at, -operand.args);
  return call(at, '-_', convert(operand));
};

const toCall = (node: NodeOf<'call' | 'rcall'>, { source }: Context, convert: Convert): Expression => {
  if (node.op === 'call') {
    const [name, nodes] = node.args;
    const at = source.indexOf('(', node.start + name.length);
    const args = nodes.map(convert);
    return name === 'has' && args.length === 1 ? expandHas(at, args[0]!) : call(at, name, ...args);
  }
  const [name, receiver, nodes] = node.args;
  if (name === MESSAGE) return toMessage(receiver, nodes[0], convert);
  const at = source.indexOf('(', source.indexOf(name, source.indexOf('.', receiver.end)) + name.length);
  const invocation = { at, target: convert(receiver), args: nodes.map(convert) };
  return expandMacro(name, invocation) ?? { kind: 'call', name, ...invocation };
};

const toMessage = (receiver: ASTNode, members: ASTNode | undefined, convert: Convert): MessageExpression => {
  const name = dottedName(convert(receiver));
  if (name === undefined || members?.op !== 'map')
    throw new SyntaxIssue(receiver.start, 'Syntax error: no message has such a name');
  const fields = members.args.map(([key, value]) => {
    const field = key.op === 'value' && typeof key.args === 'string' ? key.args : undefined;
    if (field === undefined) throw new SyntaxIssue(key.start, 'Syntax error: a field is a name');
    return { at: key.start, name: field, value: convert(value) };
  });
  return { kind: 'message', at: members.start, name, fields };
};

type Operator = Exclude<ASTNode['op'], 'value' | 'id' | 'list' | 'map' | '!_' | '-_' | 'call' | 'rcall'>;

const toOperator = (node: NodeOf<Operator>, { source }: Context, convert: Convert): Expression => {
  if (node.op === '?:') {
    const [condition, then, otherwise] = node.args;
    const at = source.indexOf('?', condition.end);
    return call(at, '_?_:_', convert(condition), convert(then), convert(otherwise));
  }
  const [left, right] = node.args;
  if (typeof right === 'string') {
    const at = source.indexOf('.', left.end);
    if (node.op === '.?') return call(at, '_?._', convert(left), literal(at, right));
    return { kind: 'select', at, operand: convert(left), field: right, isTest: false };
  }
  if (node.op === '&&' || node.op === '||') return balanced(node, source, convert);
  const token = node.op.replace(/[?\]]+$/, '');
  return call(
    source.indexOf(token, left.end),
    OPERATOR_NAMES[node.op] ?? `_${node.op}_`,
    convert(left),
    convert(right),
  );
};

const OPERATOR_NAMES: Readonly<Record<string, string>> = { '[]': '_[_]', '[?]': '_[?_]', in: '@in' };

/** A long `a && b && c` as a balanced tree: its depth is then its length's logarithm. */
const balanced = (node: NodeOf<'&&' | '||'>, source: string, convert: Convert): Expression => {
  const terms: ASTNode[] = [];
  const places: number[] = [];
  let rest: ASTNode = node;
  while (rest.op === node.op) {
    const [left, right]: readonly [ASTNode, ASTNode] = rest.args as [ASTNode, ASTNode];
    terms.unshift(right);
    places.unshift(source.indexOf(node.op, left.end));
    rest = left;
  }
  terms.unshift(rest);
  const build = (from: number, to: number): Expression => {
    if (from === to) return convert(terms[from]!);
    const middle = (from + to) >> 1;
    return call(places[middle]!, `_${node.op}_`, build(from, middle), build(middle + 1, to));
  };
  return build(0, terms.length - 1);
};
