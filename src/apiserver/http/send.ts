// Writes an answer to a client, compressed where that pays.
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { ApiError } from '../../k8s/api-error.ts';
import type { Log } from '../../lang/log.ts';
import { plainEncoding } from './accept.ts';
import { encodedAnswer } from './encodings.ts';
import type { Answer, DocumentAnswer, Outgoing, PiecesAnswer } from './exchange.ts';
import { internal } from '../status-errors.ts';
import { warningHeaders } from './warning-headers.ts';

const compress = promisify(gzip);
// k8s.io/apiserver's responsewriters: gzip at level 1 from 128 KiB on.
const GZIP_BYTES_MIN = 128 << 10;
const GZIP_LEVEL = 1;

export type SendOptions = {
  readonly acceptEncoding: string | undefined;
  readonly warnings: readonly string[];
  readonly isGone: () => boolean;
};

export const send = async (response: Outgoing, answer: Answer, options: SendOptions): Promise<void> => {
  if (answer.kind === 'stream') return options.isGone() ? answer.abandon() : answer.start(response);
  const plain = piecesOf(answer);
  const isZipped = lengthOf(plain) > GZIP_BYTES_MIN && /\bgzip\b/.test(options.acceptEncoding ?? '');
  const pieces = isZipped ? [await compress(Buffer.concat(plain), { level: GZIP_LEVEL })] : plain;
  if (options.isGone()) return;
  response.writeHead(answer.code, {
    ...headersOf(answer, lengthOf(pieces)),
    ...(isZipped ? { 'content-encoding': 'gzip', vary: 'Accept-Encoding' } : {}),
    ...(options.warnings.length > 0 ? { warning: warningHeaders(options.warnings) } : {}),
  });
  for (const piece of pieces.slice(0, -1)) response.write(piece); // what follows the first goes out together
  response.end(pieces.at(-1));
};

const piecesOf = (answer: DocumentAnswer | PiecesAnswer): readonly Uint8Array[] => {
  if (answer.kind === 'pieces') return answer.pieces;
  return [typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body];
};

const lengthOf = (pieces: readonly Uint8Array[]): number =>
  pieces.reduce((sum, { length }) => sum + length, 0);

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

const headersOf = (answer: DocumentAnswer | PiecesAnswer, length: number): Record<string, string> => ({
  'cache-control': 'no-cache, private',
  ...(answer.code === 204 ? {} : { 'content-type': answer.contentType, 'content-length': String(length) }),
  ...answer.headers,
});
