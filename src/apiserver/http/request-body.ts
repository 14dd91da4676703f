// Reads a request's body: never more than the limit, and never for longer than a slow client deserves.
import type { Readable } from 'node:stream';
import { ApiError } from '../../k8s/api-error.ts';
import type { Clock } from '../../lang/clock.ts';
import { badRequest } from '../status-errors.ts';
import { BODY_BYTES_MAX, bodyStalled, tooLarge } from './http-errors.ts';

// kube-apiserver's --request-timeout is a minute, for the whole request.
const BODY_MS_MAX = 30_000;

export const readBody = (stream: Readable, clock: Clock): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const timer = clock.after(BODY_MS_MAX, () => settle(bodyStalled()));
    const settle = (outcome: Buffer | ApiError): void => {
      timer.cancel();
      stream.removeAllListeners('data');
      if (outcome instanceof ApiError) {
        stream.resume(); // the rest is thrown away, so that the answer can be read
        reject(outcome);
      } else resolve(outcome);
    };
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > BODY_BYTES_MAX) settle(tooLarge());
      else chunks.push(chunk);
    });
    stream.once('end', () => settle(Buffer.concat(chunks)));
    const broken = (): void => settle(badRequest('the body of the request ended early'));
    stream.once('error', broken);
    stream.once('close', broken);
  });
