// logs, exec and attach: what the API server passes on to a node's kubelet, played by the test, and kubectl at the other end.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { WebSocket } from 'ws';
import { namespaces, nodes, pods, serviceAccounts } from '../../src/k8s/resources.ts';
import { createAuthority } from '../../src/pki/authority.ts';
import { type FakeKubelet, startFakeKubelet } from '../support/fake-kubelet.ts';
import { eventually } from '../support/poll.ts';
import { type RawRequest, openRaw, raw, upgrade } from '../support/raw-https.ts';
import { type TestApiServer, startTestApiServer } from '../support/test-api-server.ts';
import { KUBECTL_VERSIONS, type Outcome } from '../support/test-cluster.ts';

const POD_PATH = '/api/v1/namespaces/default/pods';

describe('API server and kubelet', () => {
  let api: TestApiServer;
  let kubelet: FakeKubelet;
  before(async () => {
    const authority = await createAuthority('test-ca');
    kubelet = await startFakeKubelet(authority);
    api = await startTestApiServer({ authority, kubeletPort: kubelet.port });
    await api.put(namespaces, { metadata: { name: 'default' } });
    await api.put(serviceAccounts, { metadata: { name: 'default', namespace: 'default' } });
    await api.put(nodes, { metadata: { name: 'node-1' } });
    const addresses = [{ type: 'InternalIP', address: '127.0.0.1' }];
    await api.client.updateStatus(nodes, { metadata: { name: 'node-1' }, status: { addresses } });
    const container = (name: string) => ({ name, image: 'x' });
    const put = (name: string, containers: string[], nodeName?: string) =>
      api.put(pods, {
        metadata: { name, namespace: 'default' },
        spec: { containers: containers.map(container), ...(nodeName ? { nodeName } : {}) },
      });
    await put('web', ['main', 'waiting'], 'node-1');
    await put('single', ['main'], 'node-1');
    await put('pending', ['main']);
  });
  after(async () => {
    await api?.close();
    await kubelet?.close();
  });

  const ask = (path: string) => raw({ port: api.port, identity: api.admin, path: `${POD_PATH}/${path}` });
  const messageOf = async (path: string): Promise<string> => {
    const { code, body } = await ask(path);
    return `${code} ${JSON.parse(String(body)).message}`;
  };

  it('log passes the request on with the API server’s own identity', async () => {
    const { code, body } = await ask('web/log?container=main&tailLines=5&timestamps=true');
    assert.deepEqual([code, String(body)], [200, 'one\ntwo\n']);
    assert.equal(
      kubelet.asked.at(-1),
      'GET /containerLogs/default/web/main?tailLines=5&timestamps=true by kube-apiserver-kubelet-client',
    );
    assert.equal(String((await ask('single/log')).body), 'one\ntwo\n');
  });

  it('log: which container, refusals, a pod without a node', async () => {
    assert.equal(
      await messageOf('web/log'),
      '400 a container name must be specified for pod web, choose one of: [main waiting]',
    );
    assert.equal(await messageOf('web/log?container=no'), '400 container no is not valid for pod web');
    assert.equal(
      await messageOf('web/log?container=waiting'),
      '400 container "waiting" in pod "web" is waiting to start: ContainerCreating',
    );
    assert.equal(await messageOf('absent/log'), '404 pods "absent" not found');
    assert.match(
      await messageOf('single/log?tailLines=-1'),
      /^422 PodLogOptions "single" is invalid: tailLines/,
    );
    assert.equal((await ask('pending/log')).code, 204);
  });

  it('log -f flows as it comes, and ends at the kubelet when the client goes away', async () => {
    const request = openRaw({
      port: api.port,
      identity: api.admin,
      path: `${POD_PATH}/single/log?follow=true`,
    });
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    let text = '';
    answer.on('data', (chunk: Buffer) => (text += String(chunk))).on('error', () => {});
    await eventually('two more lines', () => text.startsWith('one\ntwo\nmore\nmore\n'));
    assert.equal(kubelet.following(), 1);
    answer.destroy();
    await eventually('the kubelet is told', () => kubelet.following() === 0);
  });

  it('an upgrade that fails answers with a Status', async () => {
    const refusal = async (path: string, protocol = 'websocket'): Promise<string> => {
      const headers = {
        upgrade: protocol,
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        'sec-websocket-version': '13',
      };
      const answer = await upgrade({
        port: api.port,
        identity: api.admin,
        path: `${POD_PATH}/${path}`,
        headers,
      });
      assert.ok('code' in answer);
      const status = JSON.parse(String(answer.body));
      assert.equal(status.kind, 'Status');
      return `${answer.code} ${status.message}`;
    };
    assert.equal(await refusal('absent/exec?command=a'), '404 pods "absent" not found');
    assert.equal(await refusal('pending/exec?command=a'), '400 pod pending does not have a host assigned');
    assert.match(await refusal('web/exec?command=a'), /^400 a container name must be specified/);
    assert.match(await refusal('single/exec?command=a', 'SPDY/3.1'), /^400 no websocket/);
    assert.match(await refusal('single/status'), /^400 /);
    const { code, body } = await ask('single/exec?command=a');
    assert.deepEqual([code, JSON.parse(String(body)).message], [400, 'Upgrade request required']);
  });

  const NODE = '/api/v1/nodes/node-1/proxy';
  const proxied = (path: string, options: Partial<RawRequest> = {}) =>
    raw({ port: api.port, identity: api.admin, path: NODE + path, ...options });

  it('proxy: passes path, query and method on to a node’s kubelet, and its answer back', async () => {
    const { code, body } = await proxied('/containerLogs/default/web/main?a=%20b');
    assert.deepEqual([code, String(body)], [200, 'one\ntwo\n']);
    assert.equal(
      kubelet.asked.at(-1),
      'GET /containerLogs/default/web/main?a=%20b by kube-apiserver-kubelet-client',
    );
    assert.equal((await proxied('/x/waiting', { method: 'POST', body: 'text' })).code, 400);
    assert.equal(kubelet.asked.at(-1), 'POST /x/waiting by kube-apiserver-kubelet-client');
    assert.equal((await proxied('/x', { method: 'HEAD' })).body.length, 0);
    assert.match(kubelet.asked.at(-1)!, /^HEAD /);
  });

  it('proxy: a scheme and a port around the name', async () => {
    const path = `/api/v1/nodes/https:node-1:1/proxy/x`;
    const { body } = await raw({ port: api.port, identity: api.admin, path });
    assert.equal(JSON.parse(String(body)).message, 'address not allowed');
    const odd = await raw({ port: api.port, identity: api.admin, path: path.replace('https', 'ftp') });
    assert.equal(JSON.parse(String(odd.body)).message, 'invalid node request "ftp:node-1:1"');
  });

  it('proxy: a path without an end is redirected to the one with a slash', async () => {
    const { code, headers } = await proxied('?a=%20b');
    assert.deepEqual([code, headers.location], [301, `${NODE}/?a=%20b`]);
  });

  it('proxy: upgrades too, and passes a refusal on as it is', async () => {
    const socket = new WebSocket(
      `wss://127.0.0.1:${api.port}${NODE}/exec/default/web/main?command=0`,
      ['v5.channel.k8s.io'],
      { cert: api.admin.certificate, key: api.admin.key, rejectUnauthorized: false },
    );
    const messages: string[] = [];
    socket.on('message', (data: Buffer) => messages.push(String(data.subarray(1))));
    await once(socket, 'close');
    assert.equal(messages[0], '0\n');
    const refused = await upgrade({
      port: api.port,
      identity: api.admin,
      path: `${NODE}/exec`,
      headers: { upgrade: 'odd' },
    });
    assert.ok('code' in refused);
    assert.deepEqual([refused.code, String(refused.body)], [400, 'no websocket']);
  });

  it('proxy: gives up when the client does', async () => {
    const request = openRaw({ port: api.port, identity: api.admin, path: `${NODE}/silent` });
    request.on('error', () => {});
    await eventually('the question', () => kubelet.following() === 1);
    request.destroy();
    await eventually('the end of it', () => kubelet.following() === 0);
  });

  it('log over WebSocket: binary or base64, to the end', async () => {
    const read = async (protocols: string[]): Promise<string> => {
      const socket = new WebSocket(`wss://127.0.0.1:${api.port}${POD_PATH}/single/log`, protocols, {
        cert: api.admin.certificate,
        key: api.admin.key,
        rejectUnauthorized: false,
      });
      let text = '';
      socket.on('message', (data: Buffer) => (text += String(data)));
      const [code] = (await once(socket, 'close')) as [number];
      return `${socket.protocol} ${code} ${text}`;
    };
    assert.equal(await read([]), ' 1000 one\ntwo\n');
    assert.equal(await read(['base64.binary.k8s.io']), `base64.binary.k8s.io 1000 ${btoa('one\ntwo\n')}`);
  });

  it('proxy: no way without credentials, nor to the server’s own loopback', async () => {
    assert.equal((await raw({ port: api.port, path: `${NODE}/x` })).code, 403);
    const { code, body } = await raw({
      port: api.port,
      identity: api.admin,
      path: `/api/v1/nodes/node-1:${api.port}/proxy/x`,
    });
    assert.deepEqual([code, JSON.parse(String(body)).message], [400, 'address not allowed']);
  });

  it('nobody upgrades without credentials', async () => {
    const headers = { upgrade: 'websocket' };
    const answer = await upgrade({ port: api.port, path: `${POD_PATH}/single/exec?command=a`, headers });
    assert.ok('code' in answer);
    assert.equal(answer.code, 403);
  });

  it('a kubelet that is not there gives an error, not a hanging client', async () => {
    await api.put(nodes, { metadata: { name: 'gone' } });
    const addresses = [{ type: 'InternalIP', address: '127.0.0.1' }];
    const daemonEndpoints = { kubeletEndpoint: { Port: 1 } };
    await api.client.updateStatus(nodes, {
      metadata: { name: 'gone' },
      status: { addresses, daemonEndpoints },
    });
    const spec = { nodeName: 'gone', containers: [{ name: 'main', image: 'x' }] };
    await api.put(pods, { metadata: { name: 'lost', namespace: 'default' }, spec });
    assert.match(
      await messageOf('lost/log'),
      /^500 Internal error occurred: error dialing backend: 127\.0\.0\.1:1: /,
    );
  });

  for (const version of KUBECTL_VERSIONS) {
    const kubectl = (args: readonly string[], input?: string): Promise<Outcome> =>
      api.kubectl(version, args, input === undefined ? {} : { input });

    it(`kubectl ${version} exec: streams, exit code, stdin, default container`, async () => {
      const { code, stdout, stderr } = await kubectl(['exec', 'web', '-c', 'main', '--', '7', 'a b']);
      assert.deepEqual([code, stdout], [7, '7 a b\n']);
      assert.match(stderr, /^complaint\n[\s\S]*exit code 7/);
      assert.match(
        kubelet.asked.at(-1)!,
        /^GET \/exec\/default\/web\/main\?command=7&command=a\+b&output=1&error=1 by/,
      );
      const typed = await kubectl(['exec', '-i', 'web', '--', '0'], 'from stdin');
      assert.deepEqual([typed.code, typed.stdout], [0, '0\nfrom stdin']);
      assert.match(typed.stderr, /Defaulted container "main" out of: main, waiting/);
    });

    it(`kubectl ${version} logs: of a container, all, none`, async () => {
      assert.equal((await kubectl(['logs', 'web', '-c', 'main'])).stdout, 'one\ntwo\n');
      assert.match(
        (await kubectl(['logs', 'web', '-c', 'no'])).stderr,
        /container no is not valid for pod web/,
      );
      assert.deepEqual(await kubectl(['logs', 'pending']), { code: 0, stdout: '', stderr: '' });
    });
  }
});
