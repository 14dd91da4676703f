// `matchPolicy: Equivalent`: webhooks and policies are about objects in the version that they know, whichever is written.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type Server, createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { Draft, Kind } from '../../src/apiserver/kind.ts';
import type { Event, HorizontalPodAutoscaler } from '../../src/k8s/generated/types.ts';
import type { KubeObject } from '../../src/k8s/objects.ts';
import {
  customResourceDefinitions,
  events,
  horizontalPodAutoscalers,
  mutatingWebhookConfigurations as mutating,
  namespaces,
  newerEvents,
  olderHorizontalPodAutoscalers,
  validatingAdmissionPolicies,
  validatingAdmissionPolicyBindings,
  validatingWebhookConfigurations as validating,
} from '../../src/k8s/resources.ts';
import type { Resource } from '../../src/k8s/resources.ts';
import { createAuthority } from '../../src/pki/authority.ts';
import { statusOf } from '../support/registry-verbs.ts';
import { type TestApiServer, startTestApiServer } from '../support/test-api-server.ts';
import { testContext } from '../support/test-registry.ts';
import { type WebhookServer, patchOf, startWebhookServer } from '../support/webhook-server.ts';

type Sized = { readonly spec?: { readonly size?: string | number } };

const things = (version: string): Resource<KubeObject & Sized> => ({
  ...{ group: 'example.com', version, resource: 'things', kind: 'Thing', namespaced: true },
});

let api: TestApiServer;
let hooks: WebhookServer;
let converter: Server;
before(async () => {
  const authority = await createAuthority('webhook-ca');
  [api, hooks, converter] = await Promise.all([
    startTestApiServer(),
    startWebhookServer(authority),
    startConverter(await authority.issue({ commonName: 'c', ipAddresses: ['127.0.0.1'], usage: 'server' })),
  ]);
  await api.put(namespaces, { metadata: { name: 'default' } });
  const url = `https://127.0.0.1:${(converter.address() as AddressInfo).port}`;
  const clientConfig = { url, caBundle: Buffer.from(authority.certificate).toString('base64') };
  await api.client.create(customResourceDefinitions, definition(clientConfig) as never);
});
after(async () => {
  await api?.close();
  hooks?.close();
  converter?.close();
  converter?.closeAllConnections();
});
beforeEach(() => {
  hooks.handlers.clear();
  hooks.asked.length = 0;
});
afterEach(async () => {
  for (const resource of [
    mutating,
    validating,
    validatingAdmissionPolicies,
    horizontalPodAutoscalers,
    things('v2'),
  ])
    await clear(resource as Resource);
});

const kindOf = (resource: Resource): Kind => api.server.registry.kinds.find(resource)!;
const clear = (resource: Resource) =>
  api.server.registry.deleteCollection(kindOf(resource), {}, {}, testContext());

/** In v1 a size is a text, in v2, which is stored, a number. */
const definition = (clientConfig: object) => {
  const version = (name: string, type: string, storage: boolean) => ({
    ...{ name, served: true, storage },
    schema: {
      openAPIV3Schema: {
        type: 'object',
        properties: { spec: { type: 'object', properties: { size: { type } } } },
      },
    },
  });
  return {
    metadata: { name: 'things.example.com' },
    spec: {
      ...{ group: 'example.com', scope: 'Namespaced', names: { plural: 'things', kind: 'Thing' } },
      versions: [version('v1', 'string', false), version('v2', 'integer', true)],
      conversion: { strategy: 'Webhook', webhook: { conversionReviewVersions: ['v1'], clientConfig } },
    },
  };
};

type Review = {
  readonly request: {
    readonly uid: string;
    readonly desiredAPIVersion: string;
    readonly objects: readonly (KubeObject & Sized)[];
  };
};

const startConverter = async ({
  certificate,
  key,
}: {
  readonly certificate: string;
  readonly key: string;
}): Promise<Server> => {
  const server = createServer({ cert: certificate, key }, async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const { request } = JSON.parse(String(Buffer.concat(chunks))) as Review;
    const { uid, desiredAPIVersion: apiVersion, objects } = request;
    const inText = apiVersion.endsWith('v1');
    const convertedObjects = objects.map((object) => ({
      ...object,
      apiVersion,
      spec: { size: inText ? String(object.spec?.size) : Number(object.spec?.size) },
    }));
    const response = { uid, result: { status: 'Success' }, convertedObjects };
    outgoing.end(
      JSON.stringify({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview', response }),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
};

const rule = (group: string, version: string, resource: string) => ({
  ...{ operations: ['CREATE', 'UPDATE'], apiGroups: [group], apiVersions: [version], resources: [resource] },
});
const install = (resource: Resource, path: string, rules: readonly object[], more: object = {}) =>
  api.client.create(resource, {
    metadata: { name: path.slice(1) },
    webhooks: [
      {
        ...{ name: `${path.slice(1)}.example.com`, clientConfig: hooks.clientConfig(path), rules },
        ...{ admissionReviewVersions: ['v1'], sideEffects: 'None' },
        ...more,
      },
    ],
  } as KubeObject);

const autoscaler = (more: object): Draft => ({
  metadata: { name: 'h', namespace: 'default' },
  spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' }, ...more },
});
const MEMORY = {
  type: 'Resource',
  resource: { name: 'memory', target: { type: 'Utilization', averageUtilization: 50 } },
};

describe('versions of a built-in kind', () => {
  it('a webhook for the newer one sees and patches what is written in the older one', async () => {
    await install(mutating, '/newer', [rule('autoscaling', 'v2', 'horizontalpodautoscalers')]);
    hooks.handlers.set('/newer', ({ kind, requestKind, object }) => {
      const { apiVersion, spec } = object as HorizontalPodAutoscaler;
      assert.deepEqual([kind.version, requestKind.version, apiVersion], ['v2', 'v1', 'autoscaling/v2']);
      assert.equal(spec.metrics?.[0]?.resource?.target.averageUtilization, 70);
      return patchOf([{ op: 'add', path: '/spec/metrics/-', value: MEMORY }]);
    });
    const made = await api.client.create(
      olderHorizontalPodAutoscalers,
      autoscaler({ targetCPUUtilizationPercentage: 70 }) as never,
    );
    assert.equal(made.spec.targetCPUUtilizationPercentage, 70);
    const { spec } = await api.client.get(horizontalPodAutoscalers, { name: 'h', namespace: 'default' });
    assert.deepEqual(spec.metrics?.map(({ resource }) => resource?.name).sort(), ['cpu', 'memory']);
  });

  it('a policy for the newer one judges it, one for exactly that does not', async () => {
    const policy = (name: string, matchPolicy: string) => ({
      metadata: { name },
      spec: {
        matchConstraints: {
          matchPolicy,
          resourceRules: [rule('autoscaling', 'v2', 'horizontalpodautoscalers')],
        },
        validations: [
          { expression: 'object.spec.metrics.all(m, m.resource.name != "cpu")', message: 'no cpu' },
        ],
      },
    });
    const kind = kindOf(olderHorizontalPodAutoscalers);
    const write = () =>
      api.server.registry.create(kind, 'default', autoscaler({}), testContext({ dryRun: true }));
    for (const [name, matchPolicy] of [
      ['exact', 'Exact'],
      ['equivalent', 'Equivalent'],
    ] as const) {
      await api.client.create(validatingAdmissionPolicies, policy(name, matchPolicy) as never);
      await api.client.create(validatingAdmissionPolicyBindings, {
        metadata: { name },
        spec: { policyName: name, validationActions: ['Deny'] },
      });
      if (matchPolicy === 'Exact') await write();
    }
    assert.match((await statusOf(write())).message ?? '', /'equivalent'.*denied request: no cpu/);
  });

  it('an Event of one group is one of the other', async () => {
    await install(validating, '/newer', [rule('events.k8s.io', '*', 'events')]);
    await install(validating, '/both', [rule('events.k8s.io', '*', 'events'), rule('', 'v1', 'events')]);
    const notes: string[] = [];
    hooks.handlers.set('/newer', ({ kind, object }) => {
      notes.push(`${kind.group} ${String(object!['note'])}`);
      return { allowed: true };
    });
    hooks.handlers.set('/both', ({ kind, object }) => {
      notes.push(`${kind.group} ${String(object!['message'])}`);
      return { allowed: true };
    });
    const event: Event = {
      metadata: { name: 'e', namespace: 'default' },
      involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' },
      message: 'it runs',
    };
    await api.client.create(events, event);
    assert.deepEqual(notes.sort(), [' it runs', 'events.k8s.io it runs']);
    assert.equal((await api.client.get(newerEvents, { name: 'e', namespace: 'default' })).note, 'it runs');
  });
});

describe('versions of a custom resource that a webhook converts', () => {
  const at = { name: 't', namespace: 'default' };

  it('are converted for the webhook, and its patch back', async () => {
    await install(mutating, '/mutating', [rule('example.com', 'v1', 'things')]);
    await install(validating, '/validating', [rule('example.com', 'v1', 'things')]);
    const seen: unknown[] = [];
    hooks.handlers.set('/mutating', ({ object, oldObject }) => {
      seen.push([(object as Sized).spec?.size, (oldObject as Sized | null)?.spec?.size]);
      return patchOf([
        { op: 'replace', path: '/spec/size', value: `${String((object as Sized).spec?.size)}0` },
      ]);
    });
    hooks.handlers.set('/validating', ({ object }) => {
      seen.push((object as Sized).spec?.size);
      return { allowed: true };
    });
    const made = await api.client.create(things('v2'), { metadata: at, spec: { size: 5 } });
    assert.deepEqual([made.apiVersion, made.spec], ['example.com/v2', { size: 50 }]);
    await api.client.patch(things('v2'), at, { spec: { size: 7 } }, { type: 'application/merge-patch+json' });
    assert.deepEqual((await api.client.get(things('v1'), at)).spec, { size: '70' });
    assert.deepEqual(
      new Set(seen.map((each) => JSON.stringify(each))),
      new Set(['["5",null]', '"50"', '["7","50"]', '"70"']),
    );
  });

  it('which rule comes first decides in which version', async () => {
    await install(validating, '/first', [
      rule('example.com', 'v3', 'things'),
      rule('example.com', 'v1', 'things'),
      rule('example.com', '*', 'nothing'),
    ]);
    hooks.handlers.set('/first', ({ kind }) => ({ allowed: kind.version === 'v1' }));
    await api.client.create(things('v2'), { metadata: at, spec: { size: 5 } });
    assert.deepEqual(hooks.asked.at(-1), '/first CREATE things t');
  });
});
