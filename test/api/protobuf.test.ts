// Answers and watches in protobuf over HTTP. client-go reads them in conformance/; here their bytes are looked at.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { after, before, describe, it } from 'node:test';
import protobuf from 'protobufjs';
import { decodeProtobufObject } from '../../src/apiserver/protobuf/decode-object.ts';
import { configMaps, namespaces } from '../../src/k8s/resources.ts';
import { type RawAnswer, type RawRequest, openRaw, raw } from '../support/raw-https.ts';
import { type TestApiServer, startTestApiServer } from '../support/test-api-server.ts';

const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const MAPS = '/api/v1/namespaces/default/configmaps';
const FOOS = '/apis/example.com/v1/namespaces/default/foos';
const DEFINITION = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'foos.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'foos', kind: 'Foo' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              a: { type: 'array', items: { type: 'string', default: 'x' } },
              b: { additionalProperties: true, type: 'object' },
            },
          },
        },
      },
    ],
  },
};

const { root } = protobuf.parse(`syntax = "proto2";
  message Raw { optional bytes raw = 1; }
  message Event { optional string type = 1; optional Raw object = 2; }
  message Envelope { optional bytes type = 1; optional bytes raw = 2; }
  message Meta { optional string resourceVersion = 2; }
  message List { optional Meta metadata = 1; repeated bytes items = 2; }`);
const read = <T>(message: string, bytes: Uint8Array): T =>
  root.lookupType(message).decode(bytes) as unknown as T;

type Raw = { readonly raw: Uint8Array };
type Event = { readonly type: string; readonly object: Raw };
type List = {
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly Uint8Array[];
};

/** An answer, as far as it is looked at. */
type Body = {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: { readonly name?: string; readonly resourceVersion?: string };
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: object;
  readonly data?: object;
  readonly spec?: { readonly versions: readonly { readonly schema: object }[] };
  readonly status?: unknown;
};

describe('protobuf over HTTP', () => {
  let api: TestApiServer;
  before(async () => {
    api = await startTestApiServer();
    await api.put(namespaces, { metadata: { name: 'default' } });
    await api.put(configMaps, { metadata: { name: 'a', namespace: 'default' }, data: { k: 'v' } });
    const made = await ask('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      ...{ method: 'POST', body: JSON.stringify(DEFINITION), accept: PROTOBUF },
      headers: { 'content-type': 'application/json' },
    });
    assert.equal(made.code, 201);
    assert.deepEqual(decoded(made).spec?.versions[0]?.schema, DEFINITION.spec.versions[0]!.schema);
  });
  after(() => api?.close());

  type Asked = Partial<RawRequest> & { readonly accept?: string };
  const requestOf = (path: string, { accept = PROTOBUF, headers, ...asked }: Asked): RawRequest => ({
    ...{ port: api.port, path, identity: api.admin },
    ...asked,
    headers: { accept, ...headers },
  });
  const ask = (path: string, asked: Asked = {}): Promise<RawAnswer> => raw(requestOf(path, asked));
  const decoded = ({ headers, body }: RawAnswer): Body => {
    assert.equal(headers['content-type'], PROTOBUF);
    return decodeProtobufObject(body) as Body;
  };

  it('objects, and lists with their revision', async () => {
    const { metadata, ...rest } = decoded(await ask(`${MAPS}/a`));
    assert.deepEqual(rest, { kind: 'ConfigMap', apiVersion: 'v1', data: { k: 'v' } });
    assert.equal(metadata.name, 'a');
    const answer = await ask(MAPS);
    assert.equal(answer.headers['content-type'], PROTOBUF);
    const list = read<List>('List', read<Raw>('Envelope', answer.body.subarray(4)).raw);
    assert.match(list.metadata.resourceVersion, /^\d+$/);
    assert.equal(list.items.length, 1);
  });

  it('a Status for every way to fail, and for a deletion', async () => {
    const absent = decoded(await ask(`${MAPS}/none`));
    assert.deepEqual([absent.kind, absent.reason, absent.code], ['Status', 'NotFound', 404]);
    assert.deepEqual(absent.details, { name: 'none', kind: 'configmaps' });
    for (const [path, identity, code] of [
      [MAPS, undefined, 403],
      ['/apis/none/v1/nothing', api.admin, 404],
    ] as const)
      assert.equal(decoded(await ask(path, { identity })).code, code);
    await api.put(configMaps, { metadata: { name: 'gone', namespace: 'default' } });
    assert.equal(decoded(await ask(`${MAPS}/gone`, { method: 'DELETE' })).status, 'Success');
  });

  it('Tables in JSON only, metadata of any kind', async () => {
    const table = `${PROTOBUF};as=Table;g=meta.k8s.io;v=v1`;
    assert.equal((await ask(MAPS, { accept: table })).code, 406);
    const either = await ask(MAPS, { accept: `${table}, application/json;as=Table;g=meta.k8s.io;v=v1` });
    assert.equal(JSON.parse(String(either.body)).kind, 'Table');
    await ask(FOOS, {
      ...{ method: 'POST', accept: 'application/json', headers: { 'content-type': 'application/json' } },
      body: JSON.stringify({ apiVersion: 'example.com/v1', kind: 'Foo', metadata: { name: 'f' } }),
    });
    const partial = decoded(
      await ask(`${FOOS}/f`, { accept: `${PROTOBUF};as=PartialObjectMetadata;g=meta.k8s.io;v=v1` }),
    );
    assert.deepEqual(
      [partial.apiVersion, partial.kind, partial.metadata.name],
      ['meta.k8s.io/v1', 'PartialObjectMetadata', 'f'],
    );
  });

  it('a custom resource in JSON, or not at all', async () => {
    const refused = decoded(await ask(FOOS));
    assert.equal(refused.code, 406);
    assert.match(refused.message ?? '', /only the following media types are accepted: application\/json, /);
    const either = await ask(FOOS, { accept: `${PROTOBUF}, application/json` });
    assert.equal(either.headers['content-type'], 'application/json');
  });

  it('reviews, subresources and discovery', async () => {
    const post = (path: string, body: object): Promise<RawAnswer> =>
      ask(path, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      });
    const review = decoded(await post('/apis/authentication.k8s.io/v1/selfsubjectreviews', {}));
    assert.equal((review.status as { userInfo: { username: string } }).userInfo.username, 'kubernetes-admin');
    const access = { spec: { resourceAttributes: { verb: 'get', resource: 'pods' } } };
    const can = decoded(await post('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', access));
    assert.equal((can.status as { allowed: boolean }).allowed, true);
    for (const [path, kind] of [
      ['/api', 'APIVersions'],
      ['/apis', 'APIGroupList'],
      ['/apis/apps', 'APIGroup'],
      ['/apis/apps/v1', 'APIResourceList'],
    ] as const)
      assert.equal(decoded(await ask(path)).kind, kind);
  });

  it('a watch: frames with a length, each a WatchEvent; bookmarks too', async () => {
    const events = await watched(`${MAPS}?watch=true&allowWatchBookmarks=true&timeoutSeconds=1`);
    assert.deepEqual(
      events.map(({ type, object }) => [type, object.kind, object.metadata.name]),
      [
        ['ADDED', 'ConfigMap', 'a'],
        ['BOOKMARK', 'ConfigMap', undefined],
      ],
    );
    assert.match(events[1]!.object.metadata.resourceVersion ?? '', /^\d+$/);
  });

  /** Until its time is over. */
  const watched = async (
    path: string,
  ): Promise<readonly { readonly type: string; readonly object: Body }[]> => {
    const [answer] = (await once(openRaw(requestOf(path, {})), 'response')) as [IncomingMessage];
    assert.equal(answer.headers['content-type'], `${PROTOBUF};stream=watch`);
    const chunks: Buffer[] = [];
    for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
    const events = [];
    for (let rest = Buffer.concat(chunks); rest.length > 0;) {
      const end = 4 + rest.readUInt32BE(0);
      const { type, object } = read<Event>('Event', rest.subarray(4, end));
      events.push({ type, object: decodeProtobufObject(object.raw) as Body });
      rest = rest.subarray(end);
    }
    return events;
  };
});
