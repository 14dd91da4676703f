// Asks an API server for anything, over HTTP/2, and checks what holds of every answer.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import fc from 'fast-check';
import type { TestApiServer } from './test-api-server.ts';

export type FuzzRequest = {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
};

export type FuzzAnswer = { readonly code: number; readonly text: string };

export type Fuzzer = {
  readonly ask: (request: FuzzRequest) => Promise<FuzzAnswer>;
  /** Like ask(): the answer is one that a client can work with, and a refusal has left everything as it was. */
  readonly check: (request: FuzzRequest) => Promise<FuzzAnswer>;
  /** The code of an answer whose body is not awaited. */
  readonly glance: (request: FuzzRequest) => Promise<number>;
  readonly close: () => void;
};

export const FUZZ_RUNS = Number(process.env['FUZZ_RUNS'] ?? 300);

/** A server ends a connection whose streams are reset again and again: Node's from 1,000 on, at 33 a second. */
const RESETS_MAX = 500;

/** What takes longer has no end. */
const ANSWER_MS_MAX = 60_000;

/** Nobody if no identity is given. */
export const createFuzzer = (
  api: TestApiServer,
  identity: { readonly cert?: string; readonly key?: string } = {},
): Fuzzer => {
  const open = (): ClientHttp2Session =>
    connect(`https://127.0.0.1:${api.port}`, { ca: api.authority.certificate, ...identity });
  let session = open();
  let resets = 0;
  const renew = (): void => {
    session.close();
    session = open();
    resets = 0;
  };
  const start = ({ method, path, headers, body }: FuzzRequest): ClientHttp2Stream => {
    if (resets >= RESETS_MAX) renew();
    const head = { ':method': method, ':path': path, ...headers };
    const signal = AbortSignal.timeout(ANSWER_MS_MAX);
    const stream = session.request(head, { endStream: body === undefined, signal });
    if (body !== undefined) stream.end(body);
    return stream;
  };
  const codeOf = async (stream: ClientHttp2Stream): Promise<number> => {
    const [head] = (await once(stream, 'response')) as [{ readonly ':status': number }];
    return head[':status'];
  };
  const ask = async (request: FuzzRequest): Promise<FuzzAnswer> => {
    const stream = start(request);
    const code = await codeOf(stream);
    const chunks: Buffer[] = [];
    for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
    return { code, text: String(Buffer.concat(chunks)) };
  };
  const revision = (): string => api.server.registry.revision();
  return {
    ask,
    check: async (request) => {
      const before = revision();
      const answer = await ask(request);
      if (answer.code < 400) return answer;
      const status = JSON.parse(answer.text);
      const isFuture = status.reason === 'Timeout' && /Too large resource version/.test(status.message);
      assert.ok(
        answer.code < 500 || isFuture,
        `${answer.code}: ${answer.text.slice(0, 500)} ${request.method} ${String(request.body).slice(0, 60)}`,
      );
      assert.deepEqual([status.kind, status.code], ['Status', answer.code]);
      assert.equal(revision(), before, 'nothing was written');
      return answer;
    },
    glance: async (request) => {
      const stream = start(request);
      const code = await codeOf(stream);
      stream.close();
      resets++;
      return code;
    },
    close: () => session.destroy(),
  };
};

/** For all values. fast-check prints the seed of what it finds. */
export const property = <T>(
  arbitrary: fc.Arbitrary<T>,
  holds: (value: T) => Promise<unknown>,
  numRuns = FUZZ_RUNS,
): Promise<void> =>
  fc.assert(
    fc.asyncProperty(arbitrary, async (value) => void (await holds(value))),
    { numRuns },
  );
