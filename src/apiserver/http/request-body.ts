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
    let isOpen = true;
    const settle = (): void => {
      isOpen = false;
      timer.cancel();
      stream.off('data', take);
    };
    // Every stream closes in the end: an error, which is dear to make, is made only where the body is still awaited.
    const refuse = (reason: () => ApiError): void => {
      if (!isOpen) return;
      settle();
      stream.resume(); // the rest is thrown away, so that the answer can be read
      reject(reason());
    };
    const take = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > BODY_BYTES_MAX) refuse(tooLarge);
      else chunks.push(chunk);
    };
    const timer = clock.after(BODY_MS_MAX, () => refuse(bodyStalled));
    const broken = (): void => refuse(() => badRequest('the body of the request ended early'));
    stream.on('data', take);
    stream.once('end', () => {
      if (isOpen) resolve(Buffer.concat(chunks));
      settle();
    });
    stream.once('error', broken);
    stream.once('close', broken);
  });
