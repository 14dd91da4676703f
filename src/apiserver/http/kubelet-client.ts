// Calls node agents over HTTPS with the API server's own client certificate.
import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { internal } from '../status-errors.ts';
import type { KubeletLocation } from './kubelet-location.ts';

export type KubeletClientOptions = {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
};

export type Tunnel = {
  /** 101 with `socket`, or the kubelet's refusal. */
  readonly answer: IncomingMessage;
  readonly socket: Duplex | undefined;
  /** What came on the socket right behind the answer. */
  readonly head: Buffer;
};

export type KubeletClient = {
  /** Resolves with the head of the answer; its body is still to be read, or destroyed. */
  readonly get: (location: KubeletLocation) => Promise<IncomingMessage>;
  readonly upgrade: (
    location: KubeletLocation,
    method: string,
    headers: Readonly<Record<string, string>>,
  ) => Promise<Tunnel>;
  readonly close: () => void;
};

const CONNECT_MS_MAX = 10_000;

export const createKubeletClient = ({ ca, certificate, key }: KubeletClientOptions): KubeletClient => {
  const agent = new Agent({ ca, cert: certificate, key });
  const open = (location: KubeletLocation, method: string, headers: Readonly<Record<string, string>>) => {
    const { host, port, path } = location;
    const request = httpsRequest({ host, port, path, method, headers, agent });
    const giveUp = setTimeout(
      () => request.destroy(new Error(`no answer in ${CONNECT_MS_MAX} ms`)),
      CONNECT_MS_MAX,
    );
    request.once('close', () => clearTimeout(giveUp));
    request.once('response', () => clearTimeout(giveUp));
    request.once('upgrade', () => clearTimeout(giveUp));
    return request;
  };
  const failed = (location: KubeletLocation, error: Error) =>
    internal(`error dialing backend: ${location.host}:${location.port}: ${error.message}`);
  return {
    get: (location) =>
      new Promise((resolve, reject) => {
        const request = open(location, 'GET', {});
        request.once('response', resolve);
        request.once('error', (error) => reject(failed(location, error)));
        request.end();
      }),
    upgrade: (location, method, headers) =>
      new Promise((resolve, reject) => {
        const request = open(location, method, headers);
        request.once('upgrade', (answer, socket, head) => resolve({ answer, socket, head }));
        request.once('response', (answer) => resolve({ answer, socket: undefined, head: Buffer.alloc(0) }));
        request.once('error', (error) => reject(failed(location, error)));
        request.end();
      }),
    close: () => agent.destroy(),
  };
};
