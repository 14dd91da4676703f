// Overloads are declared in the text that messages print them in: `(int, int) -> int`, `list(A).(A) -> int`.
import { opaque } from './type.ts';
import type { CelType } from './type.ts';

export type Signature = {
  readonly member: boolean;
  /** With the receiver of a member function in front. */
  readonly parameters: readonly CelType[];
  readonly result: CelType;
};

const SIMPLE = ['bool', 'int', 'uint', 'double', 'string', 'bytes', 'null', 'dyn', 'duration', 'timestamp'];

/** Parses `RECEIVER.(TYPE, ...) -> TYPE`; a capital letter is a type variable. Throws SyntaxError: it is our own text. */
export const parseSignature = (text: string): Signature => {
  const tokens = text.match(/->|[\w.]*\w|[(),.]/g) ?? [];
  let at = 0;
  const expect = (token: string): void => {
    if (tokens[at++] !== token) throw new SyntaxError(`signature ${text}: expected ${token} at ${at}`);
  };
  const typeList = (): CelType[] => {
    expect('(');
    const types: CelType[] = [];
    while (tokens[at] !== ')') {
      if (types.length > 0) expect(',');
      types.push(type());
    }
    expect(')');
    return types;
  };
  const type = (): CelType => {
    const name = tokens[at++]!;
    return namedType(name, tokens[at] === '(' ? typeList() : []);
  };
  const receiver = tokens[at] === '(' ? [] : [type()];
  if (receiver.length > 0) expect('.');
  const parameters = typeList();
  expect('->');
  return { member: receiver.length > 0, parameters: [...receiver, ...parameters], result: type() };
};

const namedType = (name: string, parameters: readonly CelType[]): CelType => {
  if (/^[A-Z]$/.test(name)) return { kind: 'param', name };
  if (SIMPLE.includes(name)) return { kind: name } as CelType;
  if (name === 'list') return { kind: 'list', element: parameters[0]! };
  if (name === 'map') return { kind: 'map', key: parameters[0]!, value: parameters[1]! };
  if (name === 'type') return { kind: 'type', of: parameters[0] };
  return opaque(name, ...parameters);
};
