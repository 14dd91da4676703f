// Versions of a custom resource that a webhook converts into each other, over TLS on loopback.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type Server, createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { ApiError } from '../../src/k8s/api-error.ts';
import type { KubeObject, Stored } from '../../src/k8s/objects.ts';
import { customResourceDefinitions, namespaces } from '../../src/k8s/resources.ts';
import type { Resource } from '../../src/k8s/resources.ts';
import { createAuthority } from '../../src/pki/authority.ts';
import { type TestApiServer, startTestApiServer } from '../support/test-api-server.ts';

/** In v1 a size is a text, in v2 a number. */
type Thing = KubeObject & { readonly spec: { readonly size: string | number } };

const things = (version: string): Resource<Thing> => ({
  group: 'example.com',
  version,
  resource: 'things',
  kind: 'Thing',
  namespaced: true,
});
const [v1, v2] = [things('v1'), things('v2')];

type Review = {
  readonly request: {
    readonly uid: string;
    readonly desiredAPIVersion: string;
    readonly objects: readonly Thing[];
  };
};

const convert = (object: Thing, apiVersion: string): Thing => {
  const { size } = object.spec;
  return { ...object, apiVersion, spec: { size: apiVersion.endsWith('v1') ? String(size) : Number(size) } };
};

const version = (name: string, type: string, storage: boolean) => ({
  name,
  served: true,
  storage,
  subresources: { status: {} },
  schema: {
    openAPIV3Schema: {
      type: 'object',
      properties: {
        spec: { type: 'object', properties: { size: { type } } },
        status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      },
    },
  },
});

const definition = (clientConfig: object) => ({
  metadata: { name: 'things.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'things', kind: 'Thing' },
    versions: [version('v1', 'string', false), version('v2', 'integer', true)],
    conversion: { strategy: 'Webhook', webhook: { conversionReviewVersions: ['v1'], clientConfig } },
  },
});

describe('conversion by a webhook', () => {
  let [api, webhook]: [TestApiServer?, Server?] = [];
  let answer: (review: Review) => object;
  let asked: string[] = [];

  const success = ({ request }: Review, objects: readonly object[]): object => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'ConversionReview',
    response: { uid: request.uid, result: { status: 'Success' }, convertedObjects: objects },
  });
  const good = (review: Review): object =>
    success(
      review,
      review.request.objects.map((each) => convert(each, review.request.desiredAPIVersion)),
    );

  const thing = (name: string, size: string | number): Thing => ({
    metadata: { name, namespace: 'default' },
    spec: { size },
  });
  const get = (resource: Resource<Thing>, name: string): Promise<Stored<Thing>> =>
    api!.client.get(resource, { name, namespace: 'default' });
  const refusal = async (attempt: Promise<unknown>): Promise<string> => {
    const error: unknown = await attempt.then(
      () => assert.fail('expected a refusal'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof ApiError);
    return `${error.status.code} ${error.status.message}`;
  };

  before(async () => {
    const authority = await createAuthority('webhook-ca');
    const tls = await authority.issue({
      commonName: 'webhook',
      organizations: [],
      ipAddresses: ['127.0.0.1'],
      usage: 'server',
    });
    webhook = createServer({ cert: tls.certificate, key: tls.key }, async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const review = JSON.parse(Buffer.concat(chunks).toString()) as Review;
      asked.push(`${review.request.objects.length} to ${review.request.desiredAPIVersion}`);
      response.end(JSON.stringify(answer(review)));
    });
    webhook.listen(0, '127.0.0.1');
    await once(webhook, 'listening');
    const { port } = webhook.address() as AddressInfo;
    api = await startTestApiServer();
    await api.put(namespaces, { metadata: { name: 'default' } });
    const caBundle = Buffer.from(authority.certificate).toString('base64');
    const made = definition({ url: `https://127.0.0.1:${port}/convert`, caBundle });
    await api.client.create(customResourceDefinitions, made as never);
  });
  beforeEach(() => {
    [answer, asked] = [good, []];
  });
  after(async () => {
    webhook?.close();
    await api?.close();
  });

  it('objects are stored in one version and shown in all', async () => {
    const made = await api!.client.create(v1, thing('a', '7'));
    assert.deepEqual([made.apiVersion, made.spec], ['example.com/v1', { size: '7' }]);
    assert.deepEqual(asked, ['1 to example.com/v2', '1 to example.com/v1']);
    const [first, second] = [await get(v1, 'a'), await get(v2, 'a')];
    assert.deepEqual([first.spec, second.spec], [{ size: '7' }, { size: 7 }]);
    assert.deepEqual(first.metadata, { ...second.metadata, managedFields: first.metadata.managedFields });
    const { items } = await api!.client.list(v2);
    assert.deepEqual(
      items.map(({ apiVersion, spec }) => [apiVersion, spec]),
      [['example.com/v2', { size: 7 }]],
    );
  });

  it('updates, patches and statuses go through any version', async () => {
    const before = await get(v1, 'a');
    const updated = await api!.client.update(v1, { ...before, spec: { size: '8' } });
    assert.deepEqual([updated.spec, updated.metadata.generation], [{ size: '8' }, 2]);
    const ref = { name: 'a', namespace: 'default' };
    const type = 'application/merge-patch+json';
    const patched = await api!.client.patch(v2, ref, { spec: { size: 9 } }, { type });
    assert.deepEqual(patched.spec, { size: 9 });
    await api!.client.patch(v1, ref, { status: { done: true } }, { type, subresource: 'status' });
    const now = await get(v1, 'a');
    assert.deepEqual([now.spec, (now as { status?: object }).status], [{ size: '9' }, { done: true }]);
  });

  it('who watches one version hears of what is written in the other', async () => {
    const abort = new AbortController();
    const { resourceVersion } = await api!.client.list(v1);
    const events = api!.client.watch(v1, { resourceVersion, signal: abort.signal })[Symbol.asyncIterator]();
    const next = events.next();
    await api!.client.create(v2, thing('b', 3));
    const { value } = await next;
    assert.ok(value?.type === 'ADDED');
    assert.deepEqual([value.object.apiVersion, value.object.spec], ['example.com/v1', { size: '3' }]);
    await api!.client.delete(v2, { name: 'b', namespace: 'default' });
    const { value: last } = await events.next();
    assert.ok(last?.type === 'DELETED');
    assert.deepEqual(last.object.spec, { size: '3' });
    abort.abort();
  });

  it('a write that cannot be converted is refused, whole', async () => {
    answer = (review) => ({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'ConversionReview',
      response: { uid: review.request.uid, result: { status: 'Failed', message: 'not today' } },
    });
    const what = 'conversion webhook for example.com/v1, Kind=Thing';
    assert.equal(await refusal(api!.client.create(v1, thing('c', '1'))), `500 ${what} failed: not today`);
    answer = (review) => success(review, []);
    assert.equal(
      await refusal(api!.client.create(v1, thing('c', '2'))),
      `500 ${what} returned 0 objects, expected 1`,
    );
    answer = (review) => success(review, review.request.objects);
    assert.match(
      await refusal(api!.client.create(v1, thing('c', '3'))),
      /invalid converted object at index 0: invalid groupVersion \(expected example\.com\/v2, received example\.com\/v1\)/,
    );
    answer = (review) => {
      const [object] = review.request.objects.map((each) => convert(each, review.request.desiredAPIVersion));
      return success(review, [{ ...object, metadata: { ...object!.metadata, name: 'other' } }]);
    };
    assert.match(
      await refusal(api!.client.create(v1, thing('c', '4'))),
      /must have the same name: c != other/,
    );
    assert.match(await refusal(get(v1, 'c')), /^404 /);
  });

  it('a webhook that is not trusted, or not there, is named in the refusal', async () => {
    const present = await api!.client.get(customResourceDefinitions, { name: 'things.example.com' });
    const withClient = (clientConfig: object) => ({
      ...present,
      metadata: { ...present.metadata, resourceVersion: undefined },
      spec: { ...present.spec, conversion: definition(clientConfig).spec.conversion },
    });
    const patch = (clientConfig: object): Promise<unknown> =>
      api!.client.patch(
        customResourceDefinitions,
        { name: 'things.example.com' },
        { spec: withClient(clientConfig).spec },
        { type: 'application/merge-patch+json' },
      );
    const { url } = present.spec.conversion!.webhook!.clientConfig!;
    await patch({ url, caBundle: null });
    assert.match(
      await refusal(api!.client.create(v1, thing('d', '1'))),
      /^500 conversion webhook for example\.com\/v1, Kind=Thing failed: Post "https:\/\/127\.0\.0\.1:\d+\/convert\?timeout=30s": tls: failed to verify certificate: x509: certificate signed by unknown authority$/,
    );
    await patch({ url: null, service: { name: 'hook', namespace: 'default' } });
    assert.match(
      await refusal(api!.client.create(v1, thing('d', '1'))),
      /Post "https:\/\/hook\.default\.svc(?::443)?\/\?timeout=30s": services "hook" not found/,
    );
  });

  it('a definition is deleted with its objects, whatever has become of the webhook', async () => {
    await api!.client.delete(customResourceDefinitions, { name: 'things.example.com' });
    assert.match(
      await refusal(api!.client.get(customResourceDefinitions, { name: 'things.example.com' })),
      /^404/,
    );
  });
});
