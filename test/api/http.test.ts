// The API server's HTTP: who may ask, what is refused and how, negotiation, and clients that misbehave.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import { configMaps, namespaces, pods, serviceAccounts } from '../../src/k8s/resources.ts';
import { createAuthority } from '../../src/pki/authority.ts';
import { eventually } from '../support/poll.ts';
import { type RawAnswer, type RawRequest, raw } from '../support/raw-https.ts';
import { type TestApiServer, startTestApiServer } from '../support/test-api-server.ts';

type Asked = Partial<Omit<RawRequest, 'path'>>;

describe('API server over HTTP', () => {
  let api: TestApiServer;
  before(async () => {
    api = await startTestApiServer();
    await api.put(namespaces, { metadata: { name: 'default' } });
    await api.put(serviceAccounts, { metadata: { name: 'robot', namespace: 'default' } });
  });
  after(() => api?.close());

  const ask = (path: string, asked: Asked = {}): Promise<RawAnswer> =>
    raw({ port: api.port, identity: api.admin, ...asked, path });
  const anonymous = { identity: undefined };
  const statusOf = ({ code, body }: RawAnswer): string => {
    const status = JSON.parse(String(body));
    assert.equal(status.kind, 'Status');
    assert.equal(status.code, code);
    return `${code} ${status.reason}: ${status.message}`;
  };
  const post = (
    body: string | Uint8Array,
    contentType = 'application/json',
    query = '',
  ): Promise<RawAnswer> =>
    ask(`/api/v1/namespaces/default/configmaps${query}`, {
      method: 'POST',
      body,
      headers: { 'content-type': contentType },
    });

  it('/metrics counts requests by resource, verb and code, and names nothing that a client made up', async () => {
    await ask('/api/v1/namespaces/default/configmaps/none');
    await ask('/api/v1/made-up');
    const { body, headers } = await ask('/metrics');
    assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
    const labels =
      'verb="GET",group="",version="v1",resource="configmaps",subresource="",scope="resource",component="apiserver",dry_run=""';
    assert.ok(String(body).includes(`apiserver_request_total{${labels},code="404"} 1\n`), String(body));
    assert.ok(String(body).includes(`apiserver_request_duration_seconds_count{${labels}} 1\n`));
    assert.ok(!String(body).includes('made-up'));
  });

  describe('authentication', () => {
    it('anonymous users see version and health only', async () => {
      for (const path of ['/version', '/healthz', '/livez', '/readyz', '/readyz?verbose'])
        assert.equal((await ask(path, anonymous)).code, 200, path);
      assert.equal(String((await ask('/readyz', anonymous)).body), 'ok');
      assert.equal(
        statusOf(await ask('/api', anonymous)),
        '403 Forbidden: forbidden: User "system:anonymous" cannot get path "/api"',
      );
      assert.equal(
        statusOf(await ask('/apis/apps/v1/namespaces/default/deployments/a/scale', anonymous)),
        '403 Forbidden: deployments.apps "a" is forbidden: User "system:anonymous" cannot get resource "deployments/scale" in API group "apps" in the namespace "default"',
      );
      assert.equal(
        statusOf(await ask('/api/v1/nodes', { ...anonymous, method: 'POST', body: '{}' })),
        '403 Forbidden: nodes is forbidden: User "system:anonymous" cannot create resource "nodes" in API group "" at the cluster scope',
      );
    });

    it('refuses a certificate of another authority and a token of nobody', async () => {
      const stranger = await (
        await createAuthority('other')
      ).issue({
        commonName: 'kubernetes-admin',
        organizations: ['system:masters'],
        usage: 'client',
      });
      assert.equal(statusOf(await ask('/version', { identity: stranger })), '401 Unauthorized: Unauthorized');
      const headers = { authorization: 'Bearer no.such.token' };
      assert.equal(
        statusOf(await ask('/version', { ...anonymous, headers })),
        '401 Unauthorized: Unauthorized',
      );
    });

    it('a ServiceAccount token is its bearer, for as long as the account lives', async () => {
      const path = '/api/v1/namespaces/default/serviceaccounts/robot/token';
      const made = await ask(path, { method: 'POST', body: '{"spec":{"expirationSeconds":600}}' });
      const { status } = JSON.parse(String(made.body));
      const headers = { authorization: `Bearer ${status.token}` };
      const review = () =>
        ask('/apis/authentication.k8s.io/v1/selfsubjectreviews', {
          ...anonymous,
          method: 'POST',
          body: '{}',
          headers,
        });
      const { userInfo } = JSON.parse(String((await review()).body)).status;
      assert.equal(userInfo.username, 'system:serviceaccount:default:robot');
      assert.deepEqual(userInfo.groups, [
        'system:serviceaccounts',
        'system:serviceaccounts:default',
        'system:authenticated',
      ]);
      const lifeMs = Date.parse(status.expirationTimestamp) - Date.now();
      assert.ok(lifeMs > 590_000 && lifeMs <= 600_000);
      await api.client.delete(serviceAccounts, { name: 'robot', namespace: 'default' });
      assert.equal((await review()).code, 401);
    });

    it('a token is good for its audiences only', async () => {
      await api.put(serviceAccounts, { metadata: { name: 'vault-user', namespace: 'default' } });
      const path = '/api/v1/namespaces/default/serviceaccounts/vault-user/token';
      const made = await ask(path, { method: 'POST', body: '{"spec":{"audiences":["vault"]}}' });
      const { token } = JSON.parse(String(made.body)).status;
      const headers = { authorization: `Bearer ${token}` };
      assert.equal((await ask('/api', { ...anonymous, headers })).code, 401);
      const review = async (audiences: string[]) => {
        const answer = await ask('/apis/authentication.k8s.io/v1/tokenreviews', {
          method: 'POST',
          body: JSON.stringify({ spec: { token, audiences } }),
        });
        return JSON.parse(String(answer.body)).status;
      };
      assert.equal((await review(['other'])).authenticated, false);
      assert.deepEqual((await review(['vault', 'other'])).audiences, ['vault']);
    });
  });

  describe('refusals', () => {
    it('unknown paths, methods and media types', async () => {
      const notFound = '404 NotFound: the server could not find the requested resource';
      for (const path of [
        '/nonsense',
        '/api/v2',
        '/api/v1/nonsense',
        '/apis/none.io/v1',
        '/api/v1/namespaces/default/nodes',
        '/api/v1/namespaces/default/configmaps/a/status',
        '/openapi/v3/apis/none/v1',
      ])
        assert.equal(statusOf(await ask(path)), notFound, path);
      const notAllowed =
        '405 MethodNotAllowed: the server does not allow this method on the requested resource';
      for (const [method, path] of [
        ['POST', '/version'],
        ['POST', '/api/v1/configmaps'],
        ['PUT', '/api/v1/namespaces/default/configmaps'],
        ['DELETE', '/api/v1/namespaces'],
        ['GET', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'],
        ['OPTIONS', '/api/v1/pods'],
      ] as const)
        assert.equal(statusOf(await ask(path, { method })), notAllowed, `${method} ${path}`);
      assert.match(
        statusOf(await ask('/api/v1/pods', { headers: { accept: 'image/png' } })),
        /^406 NotAcceptable: only the following media types are accepted: application\/json/,
      );
      assert.match(
        statusOf(await post('<a/>', 'text/xml')),
        /^415 UnsupportedMediaType: the body of the request was in an unknown format - accepted media types include: application\/json, application\/yaml/,
      );
      assert.match(statusOf(await ask('/api/v1/%zz/pods')), /^400 BadRequest/);
    });

    it('bodies that are malformed, of another kind, or too large', async () => {
      assert.match(
        statusOf(await post('{"a":')),
        /^400 BadRequest: the object provided is unrecognized \(must be of type ConfigMap\): couldn't get version\/kind; json parse error/,
      );
      assert.match(statusOf(await post('[1]')), /^400 BadRequest: .*cannot unmarshal array/);
      assert.match(statusOf(await post('a: [', 'application/yaml')), /^400 BadRequest/);
      assert.match(statusOf(await post('k8s\0\x0a\xff', 'application/vnd.kubernetes.protobuf')), /^400/);
      assert.match(
        statusOf(await post('{"kind":"Secret"}')),
        /^400 BadRequest: Secret in version "v1" cannot be/,
      );
      assert.match(
        statusOf(await post('{"apiVersion":"v2"}')),
        /^400 BadRequest: the API version in the data \(v2\) does not match the expected API version \(v1\)/,
      );
      assert.equal(
        statusOf(await post(`{"data":{"a":"${'x'.repeat(4 << 20)}"}}`)),
        '413 RequestEntityTooLarge: Request entity too large: limit is 3145728',
      );
      assert.match(statusOf(await post('['.repeat(1 << 20))), /^400/);
    });

    it('an answer that nobody could read is refused before anything is written', async () => {
      const path = '/api/v1/namespaces/default/configmaps';
      const body = '{"metadata":{"name":"unread"}}';
      const refused = await ask(path, { method: 'POST', body, headers: { accept: 'image/png' } });
      assert.equal(refused.code, 406);
      assert.equal((await ask(`${path}/unread`)).code, 404);
    });

    it('query options that have no such value', async () => {
      assert.equal(
        statusOf(await post('{}', 'application/json', '?dryRun=Some')),
        '422 Invalid: CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: "Some": supported values: "All"',
      );
      assert.match(
        statusOf(await post('{}', 'application/json', '?fieldValidation=Hard')),
        /fieldValidation: Unsupported value: "Hard": supported values: "Ignore", "Strict", "Warn"/,
      );
      assert.match(statusOf(await ask('/api/v1/pods?limit=many')), /^400 BadRequest/);
    });
  });

  describe('fieldValidation', () => {
    const twice = '{"metadata":{"name":"twice","name":"twice"},"data":{"a":"1","a":"2"},"spam":1}';

    it('Strict refuses duplicate and unknown fields, all of them', async () => {
      const answer = await post(twice, 'application/json', '?fieldValidation=Strict&dryRun=All');
      assert.match(
        statusOf(answer),
        /^400 BadRequest: .*strict decoding error: .*duplicate field "metadata\.name", duplicate field "data\.a".*unknown field "spam"/,
      );
    });

    it('Warn takes the last and warns; Ignore says nothing', async () => {
      const warned = await post(twice, 'application/json', '?dryRun=All');
      assert.equal(warned.code, 201);
      assert.match(String(warned.headers['warning']), /299 - "duplicate field \\"data\.a\\""/);
      const ignored = await post(twice, 'application/json', '?fieldValidation=Ignore&dryRun=All');
      assert.equal(ignored.headers['warning'], undefined);
      assert.equal(JSON.parse(String(ignored.body)).data.a, '2');
    });

    it('finds duplicates in YAML', async () => {
      const yaml = 'metadata: { name: y }\ndata: { a: x, a: y }\n';
      const answer = await post(yaml, 'application/yaml', '?fieldValidation=Strict');
      assert.match(statusOf(answer), /^400 BadRequest: .*strict decoding error: yaml/);
    });
  });

  describe('negotiation', () => {
    before(async () => {
      await api.put(configMaps, { metadata: { name: 'shown', namespace: 'default' }, data: { a: '1' } });
    });
    const table = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

    it('Tables, with the metadata, the object or nothing in each row', async () => {
      const rows = async (query: string) => {
        const answer = await ask(
          `/api/v1/namespaces/default/configmaps?fieldSelector=metadata.name=shown${query}`,
          {
            headers: { accept: table },
          },
        );
        const { kind, columnDefinitions, rows: found } = JSON.parse(String(answer.body));
        assert.equal(kind, 'Table');
        assert.deepEqual(
          columnDefinitions.map((column: { name: string }) => column.name),
          ['Name', 'Data', 'Age'],
        );
        return found[0];
      };
      const row = await rows('');
      assert.deepEqual(row.cells.slice(0, 2), ['shown', 1]);
      assert.equal(row.object.kind, 'PartialObjectMetadata');
      assert.equal((await rows('&includeObject=Object')).object.data.a, '1');
      assert.equal((await rows('&includeObject=None')).object, null);
    });

    it('PartialObjectMetadataList, YAML, and lists without types in their items', async () => {
      const path = '/api/v1/namespaces/default/configmaps?fieldSelector=metadata.name=shown';
      const get = async (accept: string) => String((await ask(path, { headers: { accept } })).body);
      const partial = JSON.parse(
        await get('application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'),
      );
      assert.equal(partial.kind, 'PartialObjectMetadataList');
      assert.equal(partial.items[0].metadata.name, 'shown');
      assert.equal(partial.items[0].data, undefined);
      assert.match(await get('application/yaml'), /^kind: ConfigMapList\n/);
      const list = JSON.parse(await get('*/*'));
      assert.equal(list.kind, 'ConfigMapList');
      assert.equal(list.items[0].kind, undefined);
    });

    it('large answers are compressed for those who accept it', async () => {
      const data = { a: 'x'.repeat(200_000) };
      await api.put(configMaps, { metadata: { name: 'large', namespace: 'default' }, data });
      const path = '/api/v1/namespaces/default/configmaps/large';
      const zipped = await ask(path, { headers: { 'accept-encoding': 'gzip' } });
      assert.equal(zipped.headers['content-encoding'], 'gzip');
      assert.ok(zipped.body.length < 20_000);
      assert.deepEqual(JSON.parse(String(gunzipSync(zipped.body))).data, data);
      assert.equal((await ask(path)).headers['content-encoding'], undefined);
    });

    it('discovery: aggregated in both versions with its exact type, and plain', async () => {
      for (const version of ['v2', 'v2beta1']) {
        const accept = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
        const answer = await ask('/apis', { headers: { accept: `${accept},application/json` } });
        assert.equal(answer.headers['content-type'], accept);
        const etag = String(answer.headers['etag']);
        const again = await ask('/apis', { headers: { accept, 'if-none-match': etag } });
        assert.equal(again.code, 304);
      }
      const { groups } = JSON.parse(String((await ask('/apis')).body));
      assert.ok(groups.some(({ name }: { name: string }) => name === 'apps'));
      const { resources } = JSON.parse(String((await ask('/api/v1')).body));
      const names = resources.map(({ name }: { name: string }) => name);
      for (const name of ['pods', 'pods/log', 'pods/exec', 'pods/status', 'serviceaccounts/token'])
        assert.ok(names.includes(name), name);
    });

    it('OpenAPI documents are kept for ever under their hash', async () => {
      const { paths } = JSON.parse(String((await ask('/openapi/v3')).body));
      const url = paths['apis/apps/v1'].serverRelativeURL;
      const document = await ask(url);
      assert.match(String(document.headers['cache-control']), /immutable/);
      const { post: creates } = JSON.parse(String(document.body)).paths[
        '/apis/apps/v1/namespaces/{namespace}/deployments'
      ];
      assert.deepEqual(creates['x-kubernetes-group-version-kind'], {
        group: 'apps',
        kind: 'Deployment',
        version: 'v1',
      });
      const moved = await ask(url.replace(/hash=.*/, 'hash=OLD'));
      assert.equal(moved.code, 301);
      assert.equal(moved.headers['location'], url);
    });
  });

  describe('subresources', () => {
    before(async () => {
      const spec = { containers: [{ name: 'c', image: 'x' }] };
      await api.put(serviceAccounts, { metadata: { name: 'default', namespace: 'default' } });
      await api.put(pods, { metadata: { name: 'p', namespace: 'default' }, spec });
    });
    const path = '/api/v1/namespaces/default/pods/p';
    const send = (subresource: string, body: object, method = 'POST') =>
      ask(`${path}/${subresource}`, { method, body: JSON.stringify(body) });

    it('binding puts a pod on a node, once', async () => {
      const target = { target: { kind: 'Node', name: 'node-1' } };
      const bound = await send('binding', { metadata: { name: 'p' }, ...target });
      assert.deepEqual([bound.code, JSON.parse(String(bound.body)).status], [201, 'Success']);
      assert.equal(JSON.parse(String((await ask(path)).body)).spec.nodeName, 'node-1');
      assert.match(statusOf(await send('binding', { metadata: { name: 'p' }, ...target })), /^409 Conflict/);
    });

    it('status changes by PUT and PATCH, and the spec does not', async () => {
      const pod = JSON.parse(String((await ask(`${path}/status`)).body));
      const changed = { ...pod, spec: { ...pod.spec, nodeName: 'other' }, status: { phase: 'Running' } };
      const { code, body } = await send('status', changed, 'PUT');
      const after = JSON.parse(String(body));
      assert.deepEqual([code, after.status.phase, after.spec.nodeName], [200, 'Running', 'node-1']);
      const patched = await ask(`${path}/status`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/merge-patch+json' },
        body: '{"status":{"phase":"Failed"}}',
      });
      assert.equal(JSON.parse(String(patched.body)).status.phase, 'Failed');
    });

    it('eviction deletes the pod', async () => {
      const evicted = await send('eviction', { metadata: { name: 'p' } });
      assert.equal(evicted.code, 201);
      const { code, body } = await ask(path);
      assert.ok(code === 404 || JSON.parse(String(body)).metadata.deletionTimestamp);
    });

    it('patches of a type that is not served are refused with those that are', async () => {
      const headers = { 'content-type': 'application/apply-patch+cbor' };
      assert.match(
        statusOf(await ask(path, { method: 'PATCH', headers, body: 'a: b' })),
        /^415 .*application\/strategic-merge-patch\+json, application\/apply-patch\+yaml/,
      );
    });
  });

  describe('clients that misbehave', () => {
    const fine = async () => assert.equal((await ask('/readyz')).code, 200);

    it('bytes that are no TLS, TLS that is no HTTP, connections cut in the middle', async () => {
      const noTls = connectTcp(api.port, '127.0.0.1');
      noTls.end('GET / HTTP/1.1\r\n\r\n');
      await once(noTls.resume(), 'close');
      const noHttp = connectTls({ port: api.port, host: '127.0.0.1', rejectUnauthorized: false });
      await once(noHttp, 'secureConnect');
      noHttp.end('\x00\x01 nonsense\r\n\r\n');
      const [answer] = await once(noHttp, 'data');
      assert.match(String(answer), /^HTTP\/1\.1 400 /);
      const cut = connectTls({ port: api.port, host: '127.0.0.1', rejectUnauthorized: false });
      await once(cut, 'secureConnect');
      cut.write(
        'POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf',
      );
      cut.destroy();
      await fine();
    });

    it('clients that stop in the middle of a handshake, of headers, of a body: others are served meanwhile', async () => {
      const beginnings = [
        'GET /version HTTP/1.1\r\nHost',
        'POST /api/v1/namespaces HTTP/1.1\r\nContent-Length: 9\r\n\r\n{',
      ];
      const stalled = [
        ...Array.from({ length: 20 }, () => connectTcp(api.port, '127.0.0.1')),
        ...(await Promise.all(
          Array.from({ length: 40 }, async (_, index) => {
            const socket = connectTls({ port: api.port, host: '127.0.0.1', rejectUnauthorized: false });
            await once(socket, 'secureConnect');
            socket.write(beginnings[index % 2]!);
            return socket;
          }),
        )),
      ];
      const answers = await Promise.all(Array.from({ length: 20 }, () => ask('/version')));
      assert.ok(answers.every(({ code }) => code === 200));
      for (const socket of stalled) socket.on('error', () => {}).destroy();
    });

    it('a client that opens more connections than anyone needs is refused, and others are served later', async () => {
      const sockets = Array.from({ length: 520 }, () => connectTcp(api.port, '127.0.0.1'));
      let closed = 0;
      for (const socket of sockets) socket.on('error', () => {}).on('close', () => closed++);
      await eventually('the surplus is refused', () => closed >= 20);
      assert.ok(closed < 40);
      for (const socket of sockets) socket.destroy();
      await eventually('service', async () => (await ask('/readyz')).code === 200);
    });
  });
});
