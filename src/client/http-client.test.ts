import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
import type {
  Http2SecureServer,
  Http2ServerRequest,
  Http2ServerResponse,
  ServerHttp2Session,
} from 'node:http2';
import { createConnection, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import { createFakeClock, settle } from '../../test/support/fake-clock.ts';
import { eventually } from '../../test/support/poll.ts';
import { createSelfSigned } from '../../test/support/self-signed.ts';
import type { SelfSigned } from '../../test/support/self-signed.ts';
import { ApiError, failure } from '../k8s/api-error.ts';
import { namespaces, nodes, pods } from '../k8s/resources.ts';
import { systemClock } from '../lang/clock.ts';
import { silentLog } from '../lang/log.ts';
import { answerBody } from './answer-body.ts';
import { createHttpClient } from './http-client.ts';
import type { HttpClient, HttpClientOptions } from './http-client.ts';
import { Http2Connection } from './http2-connection.ts';

type Handler = (request: Http2ServerRequest, response: Http2ServerResponse, body: string) => void;

let tls: SelfSigned;
let server: Http2SecureServer;
let handler: Handler;
const sessions = new Set<ServerHttp2Session>();
const clients: HttpClient[] = [];

const listen = async (port = 0, host = '127.0.0.1'): Promise<void> => {
  server = createSecureServer({ cert: tls.cert, key: tls.key });
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    session.on('error', () => {});
  });
  server.on('request', (request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => handler(request, response, body));
  });
  server.listen(port, host);
  await once(server, 'listening');
};
const closeServer = async (): Promise<void> => {
  for (const session of sessions) session.destroy();
  await new Promise((resolve) => server.close(resolve));
};

before(async () => {
  tls = await createSelfSigned();
  await listen();
});
after(closeServer);
afterEach(() => clients.splice(0).forEach((client) => client.close()));

const portOf = (): number => (server.address() as AddressInfo).port;
const connect = (options: Partial<HttpClientOptions> = {}): HttpClient => {
  const url = `https://127.0.0.1:${portOf()}`;
  const client = createHttpClient({
    server: url,
    ca: tls.cert,
    clock: systemClock,
    log: silentLog,
    ...options,
  });
  clients.push(client);
  return client;
};

/** A TCP relay to `port` that can stop passing anything on, as a dead link does. */
const startRelay = async (port: number) => {
  const sockets: Socket[] = [];
  const relay = createServer((inner) => {
    const outer = createConnection({ port, host: '127.0.0.1' });
    for (const socket of [inner, outer]) sockets.push(socket.on('error', () => {}));
    inner.pipe(outer).pipe(inner);
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  return {
    port: (relay.address() as AddressInfo).port,
    freeze: () => sockets.forEach((socket) => socket.unpipe().pause()),
    close: () => {
      sockets.forEach((socket) => socket.destroy());
      relay.close();
    },
  };
};

const answer = (response: Http2ServerResponse, body: unknown, code = 200): void => {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
};
const pod = (name: string) => ({ metadata: { name, namespace: 'ns', uid: 'u', resourceVersion: '7' } });

describe('createHttpClient() requests', () => {
  const sent: string[] = [];
  const record: Handler = (request, response, body) => {
    const type = request.headers['content-type'] ?? '';
    sent.push(`${request.method} ${request.url} ${type} ${body}`.trim());
    answer(response, pod('a'));
  };
  afterEach(() => sent.splice(0));

  it('puts every call on its path with its body', async () => {
    handler = record;
    const client = connect();
    const ref = { namespace: 'ns', name: 'a' };
    await client.get(pods, ref);
    await client.get(nodes, { name: 'node-1' });
    await client.create(pods, { metadata: { name: 'a' } }, 'ns');
    await client.update(pods, pod('a'));
    await client.updateStatus(pods, pod('a'));
    await client.patch(pods, ref, { a: 1 }, { type: 'application/merge-patch+json', subresource: 'status' });
    await client.delete(pods, ref, { uid: 'u', propagationPolicy: 'Background' });
    await client.createSubresource(pods, ref, 'binding', { kind: 'Binding' });
    await client.createSubresource(namespaces, { name: 'ns' }, 'finalize', { kind: 'Namespace' });
    const type = '"apiVersion":"v1","kind":"Pod"';
    const json = 'application/json';
    const whole = `{"metadata":${JSON.stringify(pod('a').metadata)},${type}}`;
    assert.deepEqual(sent, [
      'GET /api/v1/namespaces/ns/pods/a',
      'GET /api/v1/nodes/node-1',
      `POST /api/v1/namespaces/ns/pods ${json} {"metadata":{"name":"a"},${type}}`,
      `PUT /api/v1/namespaces/ns/pods/a ${json} ${whole}`,
      `PUT /api/v1/namespaces/ns/pods/a/status ${json} ${whole}`,
      'PATCH /api/v1/namespaces/ns/pods/a/status application/merge-patch+json {"a":1}',
      `DELETE /api/v1/namespaces/ns/pods/a ${json} {"apiVersion":"v1","kind":"DeleteOptions",` +
        '"propagationPolicy":"Background","preconditions":{"uid":"u"}}',
      `POST /api/v1/namespaces/ns/pods/a/binding ${json} {"kind":"Binding"}`,
      `PUT /api/v1/namespaces/ns/finalize ${json} {"kind":"Namespace"}`.replace(
        'namespaces/ns/fin',
        'namespaces/ns/fin',
      ),
    ]);
  });

  it('lists with selectors and completes what a typed list leaves out', async () => {
    handler = (request, response) => {
      sent.push(request.url);
      answer(response, { metadata: { resourceVersion: '9' }, items: [pod('a')] });
    };
    const list = await connect().list(pods, {
      namespace: 'ns',
      labelSelector: 'a in (b,c)',
      fieldSelector: 'x=y',
    });
    assert.deepEqual(sent, ['/api/v1/namespaces/ns/pods?labelSelector=a+in+%28b%2Cc%29&fieldSelector=x%3Dy']);
    assert.deepEqual(list, { resourceVersion: '9', items: [{ ...pod('a'), apiVersion: 'v1', kind: 'Pod' }] });
  });

  it('lists a page, and says where the next one begins', async () => {
    handler = (request, response) => {
      sent.push(request.url);
      answer(response, { metadata: { resourceVersion: '9', continue: 'there' }, items: [] });
    };
    const list = await connect().list(pods, { limit: 500, continue: 'here' });
    assert.deepEqual(sent, ['/api/v1/pods?limit=500&continue=here']);
    assert.deepEqual(list, { resourceVersion: '9', continue: 'there', items: [] });
  });

  it('sends the bearer token', async () => {
    handler = (request, response) => answer(response, { authorization: request.headers.authorization });
    const got = await connect({ token: 'abc' }).get(nodes, { name: 'n' });
    assert.deepEqual(got, { authorization: 'Bearer abc' });
  });

  it('throws ApiError for a Status, and for an answer that is none', async () => {
    const client = connect();
    handler = (_, response) => answer(response, failure(409, 'Conflict', 'modified'), 409);
    await assert.rejects(
      client.update(pods, pod('a')),
      (error) => error instanceof ApiError && error.reason === 'Conflict',
    );
    handler = (_, response) => response.writeHead(404).end('404 page not found\n');
    await assert.rejects(client.get(pods, { namespace: 'ns', name: 'a' }), (error) => {
      assert.ok(error instanceof ApiError);
      assert.deepEqual([error.code, error.reason, error.message], [404, 'NotFound', '404 page not found']);
      return true;
    });
  });

  it('refuses an object without a name before it sends', async () => {
    await assert.rejects(
      async () => connect().get(pods, { name: 'a' }),
      /pods "a": metadata.namespace is missing/,
    );
  });

  it('moves a body far larger than the flow-control windows', async () => {
    const items = Array.from({ length: 20_000 }, (_, i) => ({ ...pod(`p${i}`), data: 'x'.repeat(2000) }));
    handler = (_, response) => answer(response, { metadata: { resourceVersion: '9' }, items });
    const client = connect();
    const list = await client.list(pods);
    assert.equal(list.items.length, 20_000);
  });
});

describe('createHttpClient() connection', () => {
  it('does not trust a server whose certificate the authority did not sign', async () => {
    const other = await createSelfSigned();
    await assert.rejects(
      connect({ ca: other.cert }).get(nodes, { name: 'n' }),
      /GET https:.*nodes\/n: .*self.signed/,
    );
  });

  it('reconnects by itself after the server came back', async () => {
    handler = (_, response) => answer(response, pod('a'));
    const client = connect();
    await client.get(nodes, { name: 'n' });
    const port = portOf();
    await closeServer();
    await assert.rejects(client.get(nodes, { name: 'n' }), /ECONNREFUSED/);
    await listen(port);
    await client.get(nodes, { name: 'n' });
  });

  it('sends a GET again when the session breaks under it, and nothing else', async () => {
    let calls = 0;
    handler = (request, response) => {
      if (++calls === 1) request.stream.session?.destroy();
      else answer(response, pod('a'));
    };
    const client = connect();
    await client.get(nodes, { name: 'n' });
    assert.equal(calls, 2);
    calls = 0;
    await assert.rejects(client.create(nodes, { metadata: { name: 'n' } }), /POST https:.*: connection lost/);
    assert.equal(calls, 1);
  });

  it('reads an answer whose last frame came before anybody read', async () => {
    handler = (_, response) => answer(response, pod('a'));
    const connection = new Http2Connection({
      server: `https://127.0.0.1:${portOf()}`,
      ca: tls.cert,
      timeoutMs: 5000,
      clock: systemClock,
      log: silentLog,
    });
    const { stream } = await connection.send({ method: 'GET', path: '/', headers: {} });
    await eventually('the end of the frames', () => stream.closed);
    const body = await Array.fromAsync(answerBody(stream));
    assert.equal(Buffer.concat(body).toString(), JSON.stringify(pod('a')));
    connection.close();
  });

  it('gives up after timeoutMs', async () => {
    handler = () => {};
    const clock = createFakeClock();
    const client = connect({ clock, timeoutMs: 5000 });
    const call = assert.rejects(client.get(nodes, { name: 'n' }), /nodes\/n: no answer in 5000 ms/);
    await clock.advance(5000);
    await call;
  });

  it('gives a session up when pings stay unanswered', async () => {
    handler = (_, response) => {
      response.stream.respond({ ':status': 200 });
    };
    const relay = await startRelay(portOf());
    const clock = createFakeClock();
    const client = connect({ clock, server: `https://127.0.0.1:${relay.port}` });
    const events = client.watch(nodes, { resourceVersion: '1', signal: new AbortController().signal });
    const lost = assert.rejects(events[Symbol.asyncIterator]().next(), /no answer to a ping/);
    while (clock.pending() !== 1) await settle(); // the answer has come: only the ping's timer is left
    relay.freeze();
    await clock.advance(25_000);
    await lost;
    relay.close();
  });

  it('close() fails what is on its way and what comes later', async () => {
    handler = () => {};
    const client = connect();
    const call = assert.rejects(client.get(nodes, { name: 'n' }));
    await settle();
    client.close();
    await call;
    await assert.rejects(client.get(nodes, { name: 'n' }), /the client is closed/);
  });
});

describe('createHttpClient() watch', () => {
  const watch = (client: HttpClient, signal = new AbortController().signal) =>
    client.watch(pods, { resourceVersion: '5', signal, namespace: 'ns' });

  it('yields events as they come, bookmarks as versions, and ends with the stream', async () => {
    handler = (request, response) => {
      assert.equal(
        request.url,
        '/api/v1/namespaces/ns/pods?watch=true&allowWatchBookmarks=true&resourceVersion=5',
      );
      response.writeHead(200);
      response.write(`${JSON.stringify({ type: 'ADDED', object: pod('a') })}\n{"type":"BOOK`);
      response.end('MARK","object":{"metadata":{"resourceVersion":"8"}}}\n');
    };
    assert.deepEqual(await Array.fromAsync(watch(connect())), [
      { type: 'ADDED', object: pod('a') },
      { type: 'BOOKMARK', resourceVersion: '8' },
    ]);
  });

  it('throws ApiError for an ERROR frame and for a refused watch', async () => {
    const isExpired = (error: unknown) => error instanceof ApiError && error.code === 410;
    const status = failure(410, 'Expired', 'too old resource version');
    handler = (_, response) => response.end(`${JSON.stringify({ type: 'ERROR', object: status })}\n`);
    await assert.rejects(Array.fromAsync(watch(connect())), isExpired);
    handler = (_, response) => answer(response, status, 410);
    await assert.rejects(Array.fromAsync(watch(connect())), isExpired);
  });

  it('an abort ends it quietly and tells the server', async () => {
    const closed = Promise.withResolvers<void>();
    handler = (request, response) => {
      request.stream.on('close', () => closed.resolve());
      response.writeHead(200);
      response.write(`${JSON.stringify({ type: 'ADDED', object: pod('a') })}\n`);
    };
    const abort = new AbortController();
    const seen: string[] = [];
    for await (const event of watch(connect(), abort.signal)) {
      seen.push(event.type);
      abort.abort();
    }
    await closed.promise;
    assert.deepEqual(seen, ['ADDED']);
  });

  it('throws when the connection is lost', async () => {
    handler = (request, response) => {
      response.writeHead(200);
      response.write(`${JSON.stringify({ type: 'ADDED', object: pod('a') })}\n`);
      setImmediate(() => request.stream.session?.destroy());
    };
    await assert.rejects(Array.fromAsync(watch(connect())), /connection lost/);
  });

  it('does not read ahead of a slow consumer, and other requests pass meanwhile', async () => {
    let written = 0;
    const line = `${JSON.stringify({ type: 'ADDED', object: { ...pod('a'), data: 'x'.repeat(100_000) } })}\n`;
    handler = (request, response) => {
      if (!request.url.includes('watch')) return answer(response, pod('a'));
      response.writeHead(200);
      const more = (): void => {
        while (written < 3000 && !response.stream.destroyed) {
          written++;
          if (!response.write(line)) return void response.once('drain', more);
        }
      };
      more();
    };
    const client = connect();
    const events = watch(client)[Symbol.asyncIterator]();
    await events.next();
    for (let i = 0; i < 50; i++) await client.get(nodes, { name: 'n' });
    assert.ok(written < 500, `${written} lines of 100 kB were sent to a consumer that read one`);
    await events.return?.();
  });
});
