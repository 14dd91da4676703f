// Container logs: what `kubectl logs` asks for, and the lines of a CRI log file.
//
//   2026-11-24T23:29:38.123456789Z stdout F text      F: a full line, P: a part of one
import { isYes } from './route.ts';

export type LogOptions = {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly tailLines: number | undefined;
  readonly limitBytes: number | undefined;
  /** The time of the earliest line. */
  readonly sinceMs: number | undefined;
};

/** Throws for a value that is not a number or time. */
export const logOptions = (query: URLSearchParams, nowMs: number): LogOptions => {
  const sinceSeconds = numberIn(query, 'sinceSeconds');
  const sinceTime = query.get('sinceTime');
  return {
    follow: isYes(query, 'follow'),
    previous: isYes(query, 'previous'),
    timestamps: isYes(query, 'timestamps'),
    tailLines: numberIn(query, 'tailLines'),
    limitBytes: numberIn(query, 'limitBytes'),
    sinceMs: sinceSeconds === undefined ? timeIn(sinceTime) : nowMs - sinceSeconds * 1000,
  };
};

const numberIn = (query: URLSearchParams, name: string): number | undefined => {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new Error(`${name}: ${JSON.stringify(text)} is not a number`);
  return Number(text);
};

const timeIn = (text: string | null): number | undefined => {
  if (!text) return undefined;
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new Error(`sinceTime: ${JSON.stringify(text)} is not a time`);
  return ms;
};

const SPACE = 0x20;
const NEWLINE = 0x0a;
const FULL = 0x46;

/** Turns chunks of a log file into what the caller sees. Keeps the unfinished line between two chunks. */
export class LogFormatter {
  readonly #options: LogOptions;
  #rest = Buffer.alloc(0);
  #left: number;
  #isInsideLine = false;

  constructor(options: LogOptions) {
    this.#options = options;
    this.#left = options.limitBytes ?? Infinity;
  }

  get isFull(): boolean {
    return this.#left <= 0;
  }

  push(chunk: Buffer): Buffer {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const parts: Buffer[] = [];
    let from = 0;
    for (let end = data.indexOf(NEWLINE); end >= 0; end = data.indexOf(NEWLINE, from)) {
      parts.push(...this.#format(data.subarray(from, end)));
      from = end + 1;
    }
    this.#rest = Buffer.from(data.subarray(from));
    return this.#cut(Buffer.concat(parts));
  }

  #format(line: Buffer): readonly Buffer[] {
    const afterTime = line.indexOf(SPACE);
    const afterStream = line.indexOf(SPACE, afterTime + 1);
    const afterTag = line.indexOf(SPACE, afterStream + 1);
    if (afterTime < 0 || afterStream < 0 || afterTag < 0) return []; // not a line of ours
    const time = line.subarray(0, afterTime);
    const { sinceMs, timestamps } = this.#options;
    if (sinceMs !== undefined && Date.parse(time.toString('latin1')) < sinceMs) return [];
    const isFull = line[afterStream + 1] === FULL;
    const stamp = timestamps && !this.#isInsideLine ? [time, Buffer.from(' ')] : [];
    this.#isInsideLine = !isFull;
    return [...stamp, line.subarray(afterTag + 1), ...(isFull ? [Buffer.from('\n')] : [])];
  }

  #cut(text: Buffer): Buffer {
    const shown = text.length <= this.#left ? text : text.subarray(0, this.#left);
    this.#left -= shown.length;
    return shown;
  }
}
