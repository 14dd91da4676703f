// One request as the handlers see it, and what they answer. HTTP/1.1 and HTTP/2 look the same from here on.
import type { IncomingHttpHeaders } from 'node:http';
import type { Status } from '../../k8s/generated/types.ts';
import type { Decision } from '../auth/attributes.ts';
import type { Readable } from 'node:stream';
import type { User } from '../registry.ts';

export type ApiRequest = {
  /** HEAD comes as GET. */
  readonly method: string;
  /** As it came. */
  readonly wireMethod: string;
  /** As on the wire, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The query as on the wire: '' or `?...`. */
  readonly search: string;
  readonly headers: IncomingHttpHeaders;
  readonly user: User;
  /** The whole body, read once. Rejects with ApiError: 413 when it is too large, 408 when it stalls. */
  readonly body: () => Promise<Buffer>;
  /** The body as it comes, for who passes it on. */
  readonly stream: Readable;
  /** Calls the listener when the answer has been sent, or the client has gone before. */
  readonly onClose: (listener: () => void) => void;
  /** Becomes a `Warning: 299` header. */
  readonly warn: (text: string) => void;
  /** Goes into the request's entry of the audit log. */
  readonly annotate: (key: string, value: string) => void;
  /** Hears why the request was let in. */
  readonly allowed: (decision: Decision) => void;
};

/** The common part of Node's two response classes. */
export type Outgoing = {
  readonly writableLength: number;
  writeHead(code: number, headers: Readonly<Record<string, string | string[]>>): unknown;
  flushHeaders(): void;
  /** False: the client reads more slowly than we write; `drain` tells when it has caught up. */
  write(chunk: Uint8Array | string): boolean;
  end(chunk?: Uint8Array | string): unknown;
  destroy(error?: Error): unknown;
  on(event: 'close' | 'drain', listener: () => void): unknown;
};

export type DocumentAnswer = {
  readonly kind: 'document';
  readonly code: number;
  readonly contentType: string;
  readonly body: Uint8Array | string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What went wrong, if the body says so. */
  readonly failure?: Status;
};

/** A document that may be long, and is made while it is sent. */
export type ChunksAnswer = Omit<DocumentAnswer, 'kind' | 'body'> & {
  readonly kind: 'chunks';
  /** To be walked once. */
  readonly chunks: Iterable<string>;
};

/** An answer that is written as it comes. One of the two is called, once. */
export type StreamAnswer = {
  readonly kind: 'stream';
  /** Writes the head itself, and ends the response when there is no more. */
  readonly start: (response: Outgoing) => void;
  /** The client went away before: releases what the answer holds. */
  readonly abandon: () => void;
};

export type Answer = DocumentAnswer | ChunksAnswer | StreamAnswer;

export const jsonAnswer = (code: number, body: unknown): DocumentAnswer => ({
  kind: 'document',
  code,
  contentType: 'application/json',
  body: JSON.stringify(body),
});

export const textAnswer = (code: number, body: string): DocumentAnswer => ({
  kind: 'document',
  code,
  contentType: 'text/plain; charset=utf-8',
  body,
});
