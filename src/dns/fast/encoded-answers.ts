// The answers that have been asked for, as bytes, by the bytes of their questions. Each is kept until one of the names
// changes that it was made from.
import type { EncodedAnswer } from './encoded-answer.ts';

/** Of names that do not exist there is no end. About 500 bytes each. */
const ANSWERS_MAX = 16_384;

type Kept = { readonly answer: EncodedAnswer; readonly names: readonly string[] };

export class EncodedAnswers {
  readonly #keptByQuestion = new Map<string, Kept>();
  readonly #questionsByName = new Map<string, Set<string>>();

  /** `question` as questionKey() gives it. */
  get(question: string): EncodedAnswer | undefined {
    return this.#keptByQuestion.get(question)?.answer;
  }

  /** `names`: what was looked up for it, found or not. The oldest goes where there are too many. */
  put(question: string, answer: EncodedAnswer, names: readonly string[]): void {
    this.#forgetQuestion(question);
    const oldest = this.#keptByQuestion.keys().next();
    if (this.#keptByQuestion.size >= ANSWERS_MAX && !oldest.done) this.#forgetQuestion(oldest.value);
    this.#keptByQuestion.set(question, { answer, names });
    for (const name of names) {
      const questions = this.#questionsByName.get(name) ?? new Set();
      this.#questionsByName.set(name, questions.add(question));
    }
  }

  /** What the zone says of the name has changed. */
  forget(name: string): void {
    for (const question of this.#questionsByName.get(name) ?? []) this.#forgetQuestion(question);
  }

  #forgetQuestion(question: string): void {
    const kept = this.#keptByQuestion.get(question);
    if (!kept) return;
    this.#keptByQuestion.delete(question);
    for (const name of kept.names) {
      const questions = this.#questionsByName.get(name);
      questions?.delete(question);
      if (questions?.size === 0) this.#questionsByName.delete(name);
    }
  }
}

const QUESTION_AT = 12;

/** Name, type and class as one text, a character a byte, with the case that they came in. */
export const questionKey = (query: Buffer, questionEnd: number): string =>
  query.toString('latin1', QUESTION_AT, questionEnd);

/** The same with the name in lower case, whatever the type's bytes are (RFC 4343). */
export const lowerQuestionKey = (query: Buffer, questionEnd: number): string => {
  const bytes = Buffer.from(query.subarray(QUESTION_AT, questionEnd));
  for (let at = 0; at < bytes.length - 4; at++) if (isUpperCase(bytes[at]!)) bytes[at]! |= 0x20;
  return bytes.toString('latin1');
};

/** No length of a label is one: they end at 63, before A. */
const isUpperCase = (byte: number): boolean => byte >= 0x41 && byte <= 0x5a;
