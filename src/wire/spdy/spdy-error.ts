/** Bytes that no SPDY peer may send: the connection is beyond repair. */
export class SpdyError extends Error {
  override readonly name = 'SpdyError';
}
