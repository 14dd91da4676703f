// Whatever comes over HTTP: an answer below 500 that says what is wrong, nothing written by a request that was refused, and a
// server that goes on. Seeds are printed by fast-check when something is found: add the case to `found` below.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import {
  configMaps,
  deployments,
  namespaces,
  pods,
  secrets,
  serviceAccounts,
  services,
} from '../../src/k8s/resources.ts';
import { type Fuzzer, createFuzzer, property } from '../support/fuzzer.ts';
import { type Manifest, readManifests } from '../support/manifest-corpus.ts';
import { type TestApiServer, startTestApiServer } from '../support/test-api-server.ts';

const IN = '/api/v1/namespaces/default';

/** What a parser may trip over. */
const NASTY = [
  '',
  ' ',
  '\0',
  '\u{feff}',
  '%',
  '%00',
  '..',
  '../..',
  '/',
  '*',
  '__proto__',
  'constructor',
  'toString',
  'null',
  'true',
  '-1',
  '0',
  '1e999',
  '9'.repeat(30),
  'a'.repeat(5000),
  '\ud800',
  'ä',
  '!',
  'a=b',
  'a==b',
  'a in (b',
  'a in (b,c)',
  '!a,!b',
  '(a+)+$',
  '$(',
  '{',
  '[',
] as const;

const nasty = fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'binary', maxLength: 40 }));
const anyJson = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  nasty,
  fc.constantFrom(-1, 2 ** 53, 1.5, -0, [], {}, [[]], [{}], null),
);

/** The paths of all that is in a value, as lists of keys. */
const pathsIn = (value: unknown, path: readonly string[] = []): readonly (readonly string[])[] =>
  typeof value === 'object' && value !== null
    ? [path, ...Object.entries(value).flatMap(([key, each]) => pathsIn(each, [...path, key]))]
    : [path];

const replaced = (value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown => {
  if (key === undefined) return by;
  if (Array.isArray(value))
    return value.map((each, index) => (String(index) === key ? replaced(each, rest, by) : each));
  const object = value as Readonly<Record<string, unknown>>;
  return { ...object, [key]: replaced(object[key], rest, by) };
};

/** A manifest with one or two places changed into anything. */
const mutated = (corpus: readonly Manifest[]): fc.Arbitrary<Manifest> => {
  const change = (manifest: unknown): fc.Arbitrary<unknown> =>
    fc
      .tuple(fc.constantFrom(...pathsIn(manifest)), anyJson)
      .map(([path, by]) => replaced(manifest, path, by));
  return fc
    .constantFrom(...corpus)
    .chain((manifest) =>
      fc.oneof(change(manifest), change(manifest).chain(change)).map((value) => value as Manifest),
    );
};

const COLLECTIONS: Readonly<Record<string, string>> = {
  Deployment: '/apis/apps/v1/namespaces/default/deployments',
  Service: `${IN}/services`,
  Pod: `${IN}/pods`,
  ConfigMap: `${IN}/configmaps`,
};

describe('API server under garbage', () => {
  let api: TestApiServer;
  let fuzzer: Fuzzer;
  const corpus = readManifests().filter(({ kind }) => kind in COLLECTIONS);
  before(async () => {
    api = await startTestApiServer();
    await api.put(namespaces, { metadata: { name: 'default' } });
    for (const name of ['default', 'nobody'])
      await api.put(serviceAccounts, { metadata: { name, namespace: 'default' } });
    await api.put(secrets, {
      metadata: { name: 'there', namespace: 'default' },
      stringData: { a: 'hidden' },
    });
    await api.put(configMaps, {
      metadata: { name: 'there', namespace: 'default', labels: { a: 'b' } },
      data: { a: 'b' },
    });
    await api.put(services, {
      metadata: { name: 'there', namespace: 'default' },
      spec: { ports: [{ port: 80 }] },
    });
    const template = {
      metadata: { labels: { a: 'b' } },
      spec: {
        containers: [
          { name: 'c', image: 'i', ports: [{ containerPort: 80 }], env: [{ name: 'A', value: 'b' }] },
        ],
      },
    };
    await api.put(deployments, {
      metadata: { name: 'there', namespace: 'default' },
      spec: { selector: { matchLabels: { a: 'b' } }, template },
    });
    await api.put(pods, { metadata: { name: 'there', namespace: 'default' }, spec: template.spec });
    fuzzer = createFuzzer(api, { cert: api.admin.certificate, key: api.admin.key });
  });
  after(async () => {
    fuzzer?.close();
    await api?.close();
  });

  const check: Fuzzer['check'] = (request) => fuzzer.check(request);
  const types = ['json', 'yaml', 'vnd.kubernetes.protobuf', 'cbor', ''].map((type) => `application/${type}`);
  const validation = fc.constantFrom('', '?fieldValidation=Strict', '?fieldValidation=Warn', '?dryRun=All');

  it('manifests with anything in any place, as JSON', () =>
    property(fc.tuple(mutated(corpus), validation), async ([manifest, query]) => {
      const kind = manifest?.kind;
      const path = Object.hasOwn(COLLECTIONS, kind) ? COLLECTIONS[kind]! : COLLECTIONS['Pod']!;
      const body = JSON.stringify(manifest) ?? '';
      await check({
        method: 'POST',
        path: path + query,
        headers: { 'content-type': 'application/json' },
        body,
      });
      const object = {
        method: 'PUT',
        path: `${path}/there${query}`,
        headers: { 'content-type': 'application/json' },
        body,
      };
      await check(object);
    }));

  it('bytes of any kind, under any content type', () =>
    property(
      fc.tuple(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          fc.json().map((text) => Buffer.from(text)),
          nasty.map((text) => Buffer.from(text)),
        ),
        fc.constantFrom(...types),
        fc.constantFrom(...Object.values(COLLECTIONS)),
      ),
      ([body, type, path]) => check({ method: 'POST', path, headers: { 'content-type': type }, body }),
    ));

  it('protobuf whose envelope is right and whose object is anything', () =>
    property(
      fc.tuple(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(...Object.keys(COLLECTIONS))),
      ([raw, kind]) => {
        const field = (tag: number, bytes: Uint8Array): Buffer => {
          const length =
            bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >> 7];
          return Buffer.from([(tag << 3) | 2, ...length, ...bytes]);
        };
        const apiVersion = kind === 'Deployment' ? 'apps/v1' : 'v1';
        const type = Buffer.concat([field(1, Buffer.from(apiVersion)), field(2, Buffer.from(kind))]);
        const body = Buffer.concat([Buffer.from('k8s\0'), field(1, type), field(2, raw)]);
        const headers = { 'content-type': 'application/vnd.kubernetes.protobuf' };
        return check({ method: 'POST', path: COLLECTIONS[kind]!, headers, body });
      },
    ));

  it('patches of every kind, to every kind of object', () => {
    const names = Object.values(COLLECTIONS);
    const pointer = fc.constantFrom(
      '',
      '/',
      '/metadata',
      '/metadata/name',
      '/spec',
      '/spec/ports/0',
      '/spec/ports/-',
      '/data/a',
      '/data/~',
      '/~2',
      '/spec/__proto__',
      '/spec/template/spec/containers/0/env/99999999999',
      '/metadata/labels/a~1b',
    );
    const op = fc.record(
      {
        op: fc.oneof(fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test'), nasty),
        path: fc.oneof(pointer, nasty),
        from: pointer,
        value: anyJson,
      },
      { requiredKeys: [] },
    );
    const containers = fc.array(
      fc.record(
        { name: nasty, $patch: fc.oneof(fc.constantFrom('delete', 'replace', 'merge'), nasty) },
        { requiredKeys: [] },
      ),
    );
    const merge = fc.oneof(
      anyJson,
      fc.record({ metadata: anyJson, spec: anyJson, data: anyJson, status: anyJson }, { requiredKeys: [] }),
      containers.map((list) => ({ spec: { template: { spec: { containers: list } }, containers: list } })),
      fc
        .record(
          { '$setElementOrder/ports': anyJson, ports: anyJson, $retainKeys: anyJson, $patch: anyJson },
          { requiredKeys: [] },
        )
        .map((spec) => ({ spec })),
      fc.constantFrom(...corpus),
    );
    const change = fc.oneof(
      fc.tuple(fc.constant('application/json-patch+json'), fc.oneof(fc.array(op, { maxLength: 4 }), anyJson)),
      fc.tuple(
        fc.constantFrom(
          'application/merge-patch+json',
          'application/strategic-merge-patch+json',
          'application/apply-patch+yaml',
        ),
        merge,
      ),
    );
    const queries = fc.constantFrom(
      '',
      '?fieldManager=f',
      '?fieldManager=f&force=true',
      '?fieldValidation=Strict&fieldManager=f',
      '?dryRun=All&fieldManager=f',
    );
    const target = fc.tuple(
      fc.constantFrom(...names),
      fc.constantFrom('/there', '/there/status', '/there/scale', '/absent'),
    );
    return property(fc.tuple(change, target, queries), ([[type, patch], [collection, name], query]) =>
      check({
        method: 'PATCH',
        path: `${collection}${name}${query}`,
        headers: { 'content-type': type },
        body: JSON.stringify(patch) ?? '',
      }),
    );
  });

  it('lists and watches with anything as their parameters', () => {
    const value = fc.oneof(
      nasty,
      fc.constantFrom(
        '0',
        '1',
        api.server.registry.revision(),
        '500',
        'true',
        'Exact',
        'NotOlderThan',
        'metadata.name=there',
        'a in (b)',
        'a',
      ),
    );
    const names = [
      'labelSelector',
      'fieldSelector',
      'limit',
      'continue',
      'resourceVersion',
      'resourceVersionMatch',
      'timeoutSeconds',
      'sendInitialEvents',
      'allowWatchBookmarks',
      'pretty',
      'includeObject',
    ];
    const query = fc
      .dictionary(fc.constantFrom(...names), value, { maxKeys: 5 })
      .map((each) => new URLSearchParams(each).toString());
    return property(
      fc.tuple(query, fc.constantFrom(...Object.values(COLLECTIONS), '/api/v1/pods')),
      async ([parameters, path]) => {
        await check({ method: 'GET', path: `${path}?${parameters}` });
        const code = await fuzzer.glance({ method: 'GET', path: `${path}?watch=1&${parameters}` });
        assert.ok(code < 500 || code === 504);
      },
    );
  });

  it('paths and methods of any kind', () => {
    const segment = fc.oneof(
      nasty.map(encodeURIComponentSafely),
      fc.constantFrom(
        'api',
        'apis',
        'v1',
        'namespaces',
        'default',
        'pods',
        'there',
        'status',
        'proxy',
        'log',
        'exec',
        'openapi',
        'v3',
        '%',
        '%zz',
        '%2F',
        '..',
      ),
    );
    const path = fc.array(segment, { maxLength: 9 }).map((segments) => `/${segments.join('/')}`);
    return property(
      fc.tuple(fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'OPTIONS', 'FOO'), path),
      async ([method, where]) => {
        const { code } = await fuzzer.ask({
          method,
          path: where,
          headers: { 'content-type': 'application/json' },
          ...(method === 'GET' ? {} : { body: '{}' }),
        });
        assert.ok(code < 500 || code === 503, `${method} ${where}: ${code}`); // 503: a pod's proxy without a pod behind it
      },
    );
  });

  it('bodies that are made to swell or to nest', async () => {
    const aliases = `a0: &a0 [x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]\n`).join('')}`;
    const bodies = [
      ['yaml', aliases],
      ['yaml', `${'- '.repeat(50_000)}a`],
      ['yaml', '['.repeat(100_000)],
      ['yaml', `metadata: {name: x}\ndata: {a: ${'{a: '.repeat(20_000)}`],
      ['yaml', 'a: &a\n  b: *a\n'],
      ['yaml', Array.from({ length: 30_000 }, (_, index) => `k${index}: v\n`).join('')],
      ['yaml', '['.repeat(2_000_000)],
      ['json', '['.repeat(1_000_000)],
      ['json', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
      ['json', `{"metadata":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}`],
      ['json', `{"metadata":{"name":"${'a'.repeat(1_000_000)}"}}`],
      ['json', `{"data":{"a":"${'\\u0000'.repeat(300_000)}"}}`],
      ['json', `{"a":${'9'.repeat(1_000_000)}}`],
    ] as const;
    for (const [type, body] of bodies) {
      await check({
        method: 'POST',
        path: `${IN}/configmaps?fieldValidation=Strict`,
        headers: { 'content-type': `application/${type}` },
        body,
      });
      const patch = type === 'json' ? 'merge-patch+json' : 'apply-patch+yaml';
      await check({
        method: 'PATCH',
        path: `${IN}/configmaps/there?fieldManager=f`,
        headers: { 'content-type': `application/${patch}` },
        body,
      });
    }
  });

  it('who may not look is told the same about what is there and what is not', async () => {
    const token = (await api.client.createSubresource(
      serviceAccounts,
      { name: 'nobody', namespace: 'default' },
      'token',
      {
        spec: { audiences: [] },
      },
    )) as { readonly status: { readonly token: string } };
    const bearer = { authorization: `Bearer ${token.status.token}` };
    const anonymous = createFuzzer(api);
    const answerTo = async (
      method: string,
      path: string,
      headers: Readonly<Record<string, string>>,
    ): Promise<string> => {
      const { code, text } = await anonymous.ask({
        method,
        path,
        headers: { ...headers, 'content-type': 'application/json' },
        ...(method === 'GET' ? {} : { body: '{}' }),
      });
      assert.ok(code === 401 || code === 403, `${method} ${path}: ${code}`);
      assert.doesNotMatch(text, /hidden/);
      return `${code} ${text}`;
    };
    try {
      for (const headers of [{}, bearer, { authorization: 'Bearer x' }])
        for (const method of ['GET', 'PUT', 'PATCH', 'DELETE'])
          for (const collection of [
            ...Object.values(COLLECTIONS),
            `${IN}/secrets`,
            '/apis/none.example.com/v1/things',
            '/api/v1/nodes',
          ])
            for (const rest of ['', '/status', '/nonsense', '/log'])
              assert.equal(
                (await answerTo(method, `${collection}/there${rest}`, headers)).replaceAll('there', 'NAME'),
                (await answerTo(method, `${collection}/gone0${rest}`, headers)).replaceAll('gone0', 'NAME'),
              );
    } finally {
      anonymous.close();
    }
  });
});

/** A half of a surrogate pair has no encoding. */
const encodeURIComponentSafely = (text: string): string => encodeURIComponent(text.toWellFormed());
