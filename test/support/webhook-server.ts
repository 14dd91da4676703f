// An HTTPS server that plays admission webhooks on loopback: each path answers as the test says.
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type Authority, createAuthority } from '../../src/pki/authority.ts';

/** The request of an AdmissionReview, as far as tests look at it. */
export type AdmissionRequest = {
  readonly uid: string;
  readonly operation: string;
  readonly name: string;
  readonly namespace?: string;
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
  /** Of the client's request. */
  readonly requestKind: { readonly version: string };
  readonly resource: { readonly group: string; readonly version: string; readonly resource: string };
  readonly subResource?: string;
  readonly dryRun: boolean;
  readonly userInfo: { readonly username: string };
  readonly object: { readonly [field: string]: unknown } | null;
  readonly oldObject: { readonly [field: string]: unknown } | null;
  readonly options: { readonly kind: string } | null;
};

export type Handler = (
  request: AdmissionRequest,
  response: ServerResponse,
) => object | undefined | Promise<object | undefined>;

export type WebhookServer = {
  /** Of a webhook with this path. */
  readonly clientConfig: (path: string) => { readonly url: string; readonly caBundle: string };
  /** What a path answers: fields of an AdmissionResponse, or undefined if the handler has written an answer of its own. */
  readonly handlers: Map<string, Handler>;
  /** All requests since the start, `path operation resource[/sub] name`. */
  readonly asked: string[];
  readonly port: number;
  /** How many connections there have been. */
  readonly connections: () => number;
  readonly close: () => void;
};

export const patchOf = (operations: readonly object[]): object => ({
  allowed: true,
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
});

export const startWebhookServer = async (authority?: Authority): Promise<WebhookServer> => {
  const signer = authority ?? (await createAuthority('webhook-ca'));
  const tls = await signer.issue({
    commonName: 'webhook',
    organizations: [],
    ipAddresses: ['127.0.0.1'],
    usage: 'server',
  });
  const handlers = new Map<string, Handler>();
  const asked: string[] = [];
  const server = createServer({ cert: tls.certificate, key: tls.key }, async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const { request } = JSON.parse(Buffer.concat(chunks).toString()) as { request: AdmissionRequest };
    const path = new URL(incoming.url!, 'https://host').pathname;
    const { resource, subResource, operation, name } = request;
    asked.push(`${path} ${operation} ${resource.resource}${subResource ? `/${subResource}` : ''} ${name}`);
    const response = await handlers.get(path)!(request, outgoing);
    if (!response) return;
    const type = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' };
    outgoing.end(JSON.stringify({ ...type, response: { uid: request.uid, ...response } }));
  });
  let connections = 0;
  server.on('secureConnection', () => connections++);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const caBundle = Buffer.from(signer.certificate).toString('base64');
  return {
    clientConfig: (path) => ({ url: `https://127.0.0.1:${port}${path}`, caBundle }),
    handlers,
    asked,
    port,
    connections: () => connections,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
};
