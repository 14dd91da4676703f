// Answers from the zone, from bytes to bytes: copied where the same was asked before, made and kept where not.
import { TYPE } from '../../wire/dns/constants.ts';
import { readName } from '../../wire/dns/name.ts';
import { answerFromZone } from '../answer.ts';
import type { ZoneSource, ZoneView } from '../answer.ts';
import { encodeAnswer, writeAnswer } from './encoded-answer.ts';
import type { EncodedAnswer } from './encoded-answer.ts';
import { EncodedAnswers, lowerQuestionKey, questionKey } from './encoded-answers.ts';
import { QueryScan } from './query-scan.ts';

export class FastResponder {
  readonly #zone: () => ZoneSource | undefined;
  readonly #isWatched: (name: string) => boolean;
  #answers = new EncodedAnswers();
  readonly #scan = new QueryScan();
  #rotation = 0;
  /** Of the last answer. */
  rcode = 0;
  type = 0;

  /**
   * `zone`: undefined while it is not complete. `isWatched`: names, in lower case, of which somebody has to hear with every
   * answer; all is to be forgotten when they change.
   */
  constructor(zone: () => ZoneSource | undefined, isWatched: (name: string) => boolean = () => false) {
    this.#zone = zone;
    this.#isWatched = isWatched;
  }

  /** Writes into `reply`, which is as long as an answer may be, and returns the answer's length; 0: not one for here. */
  respond(query: Buffer, length: number, reply: Buffer): number {
    const scan = this.#scan;
    if (!scan.scan(query, length)) return 0;
    const answer = this.#find(query, scan.questionEnd);
    if (!answer) return 0;
    this.rcode = answer.rcode;
    this.type = query.readUInt16BE(scan.questionEnd - 4);
    return writeAnswer(answer, { query, scan, rotation: this.#rotation++ }, reply);
  }

  /** What the zone says of the name has changed. */
  forget(name: string): void {
    this.#answers.forget(name);
  }

  /** What is said of all names has changed. */
  forgetAll(): void {
    this.#answers = new EncodedAnswers();
  }

  #find(query: Buffer, questionEnd: number): EncodedAnswer | undefined {
    const answer = this.#answers.get(questionKey(query, questionEnd));
    if (answer) return answer;
    const key = lowerQuestionKey(query, questionEnd);
    return this.#answers.get(key) ?? this.#make(key);
  }

  #make(key: string): EncodedAnswer | undefined {
    const zone = this.#zone();
    const question = questionOf(key);
    if (!zone || question.type === TYPE.AXFR || question.type === TYPE.IXFR) return undefined;
    if (this.#isWatched(question.name)) return undefined;
    const names: string[] = [];
    const lookUp: ZoneView['lookUp'] = (name) => {
      names.push(name);
      return zone.lookUp(name);
    };
    const said = answerFromZone(question, { ...zone, lookUp }, 0);
    if (said.kind !== 'answer') return undefined;
    const answer = encodeAnswer(question, said);
    if (!names.some(zone.isVolatile)) this.#answers.put(key, answer, names);
    return answer;
  }
}

const questionOf = (key: string) => {
  const bytes = Buffer.from(key, 'latin1');
  const at = bytes.length - 4;
  const { name } = readName(bytes, 0);
  return { name, type: bytes.readUInt16BE(at), class: bytes.readUInt16BE(at + 2) };
};
