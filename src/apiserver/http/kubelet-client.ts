// Calls node agents over HTTPS with the API server's own client certificate.
import { Agent, request } from 'node:https';
import { internal } from '../status-errors.ts';
import { createUpstream } from './upstream.ts';
import type { Upstream } from './upstream.ts';

export type KubeletClientOptions = {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
};

export type KubeletClient = Upstream & { readonly close: () => void };

const ANSWER_MS_MAX = 10_000;

export const createKubeletClient = ({ ca, certificate, key }: KubeletClientOptions): KubeletClient => {
  const agent = new Agent({ ca, cert: certificate, key });
  const upstream = createUpstream({
    open: (options) => request({ ...options, agent }),
    timeoutMs: ANSWER_MS_MAX,
    waitsFor: 'answer',
    failed: ({ host, port }, error) => internal(`error dialing backend: ${host}:${port}: ${error.message}`),
  });
  return { ...upstream, close: () => agent.destroy() };
};
