// Writes an answer to a client, compressed where that pays.
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGzip, gzip } from 'node:zlib';
import { ApiError } from '../../k8s/api-error.ts';
import type { Log } from '../../lang/log.ts';
import { plainEncoding } from './accept.ts';
import { encodedAnswer } from './encodings.ts';
import type { Answer, ChunksAnswer, DocumentAnswer, Outgoing } from './exchange.ts';
import { internal } from '../status-errors.ts';
import { warningHeaders } from './warning-headers.ts';

const compress = promisify(gzip);
// k8s.io/apiserver's responsewriters: gzip at level 1 from 128 KiB on.
const GZIP_BYTES_MIN = 128 << 10;
const GZIP_LEVEL = 1;

export type SendOptions = {
  /** Only the head of the answer is asked for. */
  readonly isHead: boolean;
  readonly acceptEncoding: string | undefined;
  readonly warnings: readonly string[];
  readonly isGone: () => boolean;
};

export const send = (response: Outgoing, answer: Answer, options: SendOptions): Promise<void> | void => {
  switch (answer.kind) {
    case 'stream':
      return options.isGone() ? answer.abandon() : answer.start(response);
    case 'document':
      return sendDocument(response, answer, options);
    case 'chunks':
      return sendChunks(response, answer, options);
  }
};

const sendDocument = async (
  response: Outgoing,
  answer: DocumentAnswer,
  options: SendOptions,
): Promise<void> => {
  const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body;
  const isZipped = body.length > GZIP_BYTES_MIN && acceptsGzip(options);
  const bytes = isZipped ? await compress(body, { level: GZIP_LEVEL }) : body;
  if (options.isGone()) return;
  const length = answer.code === 204 ? {} : { 'content-length': String(bytes.length) };
  response.writeHead(answer.code, { ...headersOf(answer, isZipped, options), ...length });
  response.end(bytes);
};

/** What is short after all is a document like others. The rest is made as fast as the client reads. */
const sendChunks = async (response: Outgoing, answer: ChunksAnswer, options: SendOptions): Promise<void> => {
  const chunks = Iterator.from(answer.chunks);
  let begun = '';
  let isAll = false;
  while (!isAll && (begun.length <= GZIP_BYTES_MIN || options.isHead)) {
    const { done = false, value = '' } = chunks.next();
    begun += value;
    isAll = done;
  }
  if (isAll) return sendDocument(response, { ...answer, kind: 'document', body: begun }, options);
  if (options.isGone()) return;
  const isZipped = acceptsGzip(options);
  response.writeHead(answer.code, headersOf(answer, isZipped, options));
  const steps = [
    ...(isZipped ? [createGzip({ level: GZIP_LEVEL })] : []),
    response as unknown as Writable, // which both of Node's classes are
  ];
  await pipeline([Readable.from(concatenated(begun, chunks)), ...steps]);
};

function* concatenated(begun: string, rest: Iterable<string>): Iterable<string> {
  yield begun;
  yield* rest;
}

const acceptsGzip = ({ acceptEncoding = '' }: SendOptions): boolean => /\bgzip\b/.test(acceptEncoding);

/**
 * An error as its Status, as the client's Accept header wants it: an ApiError has one, anything else is a fault of ours and goes
 * to the log.
 */
export const answerOfError = (error: unknown, log: Log, accept: string | undefined): DocumentAnswer => {
  const { code, status } = apiErrorOf(error, log);
  const retryAfter = status.details?.retryAfterSeconds;
  const answer = { ...encodedAnswer(plainEncoding(accept), code, status), failure: status };
  return retryAfter ? { ...answer, headers: { 'retry-after': String(retryAfter) } } : answer;
};

const apiErrorOf = (error: unknown, log: Log): ApiError => {
  if (error instanceof ApiError) return error;
  log.error({ err: error }, 'a request failed');
  return internal(error instanceof Error ? error.message : String(error));
};

const headersOf = (
  answer: DocumentAnswer | ChunksAnswer,
  isZipped: boolean,
  { warnings }: SendOptions,
): Record<string, string | string[]> => ({
  'cache-control': 'no-cache, private',
  ...(answer.code === 204 ? {} : { 'content-type': answer.contentType }),
  ...answer.headers,
  ...(isZipped ? { 'content-encoding': 'gzip', vary: 'Accept-Encoding' } : {}),
  ...(warnings.length > 0 ? { warning: warningHeaders(warnings) } : {}),
});
