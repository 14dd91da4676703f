// What a kubelet says when it will not do something, as the API's own error.
// k8s.io/apiserver/pkg/registry/generic/rest/response_checker.go
import type { IncomingMessage } from 'node:http';
import { ApiError, failure } from '../../k8s/api-error.ts';
import { badRequest, internal } from '../status-errors.ts';

const TEXT_BYTES_MAX = 64 << 10;

/** Reads the answer's text, or the beginning of a long one. */
export const kubeletRefusal = async (answer: IncomingMessage): Promise<ApiError> => {
  const text = await textOf(answer);
  if (answer.statusCode === 400) return badRequest(text);
  if (answer.statusCode !== 404) return internal(text);
  return new ApiError(
    failure(404, 'NotFound', 'the server could not find the requested resource', {
      causes: [{ reason: 'UnexpectedServerResponse', message: text }],
    }),
  );
};

const textOf = async (answer: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > TEXT_BYTES_MAX) break;
  }
  return Buffer.concat(chunks).toString('utf8').trim();
};
