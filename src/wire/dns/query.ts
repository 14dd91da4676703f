// A plain query: one question, recursion desired (RFC 1035 4.1.1), nothing else.
import type { Message, Question } from './message.ts';

export const queryOf = (id: number, question: Question): Message => ({
  id,
  flags: { qr: false, opcode: 0, aa: false, tc: false, rd: true, ra: false, ad: false, cd: false, rcode: 0 },
  questions: [question],
  answers: [],
  authorities: [],
  additionals: [],
  edns: undefined,
});
