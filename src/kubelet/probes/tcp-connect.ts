// Opens a TCP connection and closes it again. The address is a literal: getaddrinfo would leave the node's namespace.
import { connect, isIP } from 'node:net';
import { hostPort } from '../../ip/host-port.ts';

/** Throws as Go's net package says it: `dial tcp 10.244.0.7:80: connect: connection refused`. */
export const tcpConnect = (host: string, port: number, timeoutMs: number): Promise<void> =>
  new Promise((resolve, reject) => {
    if (!isIP(host)) return reject(new Error(`dial tcp: ${host} is not an IP address`));
    const socket = connect({ host, port });
    const fail = (reason: string): void => {
      socket.destroy();
      reject(new Error(`dial tcp ${hostPort(host, port)}: ${reason}`));
    };
    socket.setTimeout(timeoutMs, () => fail('i/o timeout'));
    socket.once('error', (error: NodeJS.ErrnoException) => fail(connectProblem(error)));
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
  });

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by peer',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ETIMEDOUT: 'connection timed out',
};

export const connectProblem = (error: NodeJS.ErrnoException): string =>
  `connect: ${REASONS[error.code ?? ''] ?? error.message}`;
