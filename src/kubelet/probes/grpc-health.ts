// The gRPC health check over HTTP/2 without TLS (grpc.health.v1, https://github.com/grpc/grpc/blob/master/doc/health-checking.md).
//
//   message = 00 LENGTH(4)   HealthCheckRequest { 1: service }  ->  HealthCheckResponse { 1: status }, 1 = SERVING
import { connect } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';
import type { HttpTarget } from './http-get.ts';
import { hostPort } from '../../ip/host-port.ts';

const SERVING = 1;

/** Throws with kubelet's words when the service does not serve. */
export const checkHealth = async (target: HttpTarget, service = ''): Promise<void> => {
  const session = connect(`http://${hostPort(target.host, target.port)}`);
  try {
    const status = statusIn(await call(session, requestFor(service), target.timeoutMs));
    if (status !== SERVING) throw new Error(`service unhealthy (responded with "${nameOf(status)}")`);
  } finally {
    session.destroy();
  }
};

const nameOf = (status: number): string =>
  ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'][status] ?? '';

const requestFor = (service: string): Buffer => {
  const name = Buffer.from(service);
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, name.length]), name]);
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(message.length, 1);
  return Buffer.concat([frame, message]);
};

/** Field 1, a varint below 128; an absent field is 0. */
const statusIn = (answer: Buffer): number => (answer[5] === 0x08 ? (answer[6] ?? 0) : 0);

const call = (session: ClientHttp2Session, request: Buffer, timeoutMs: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    session.once('error', reject);
    const headers = {
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
    };
    const stream = session.request(headers, { signal });
    const chunks: Buffer[] = [];
    const late = `timeout: health rpc did not complete: no answer within ${timeoutMs / 1000}s`;
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.once('error', (error) => reject(signal.aborted ? new Error(late) : error));
    stream.once('close', () => resolve(Buffer.concat(chunks)));
    stream.end(request);
  });
