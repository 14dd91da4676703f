// Mutating and validating webhooks: an API server and a webhook server, both over TLS on loopback.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { ConfigMap, Deployment, Scale } from '../../src/k8s/generated/types.ts';
import type { KubeObject } from '../../src/k8s/objects.ts';
import {
  configMaps,
  customResourceDefinitions,
  deployments,
  mutatingWebhookConfigurations as mutating,
  namespaces,
  pods,
  serviceAccounts,
  services,
  validatingWebhookConfigurations as validating,
} from '../../src/k8s/resources.ts';
import type { Resource } from '../../src/k8s/resources.ts';
import { createAuthority } from '../../src/pki/authority.ts';
import type { Draft, Kind } from '../../src/apiserver/kind.ts';
import { statusOf } from '../support/registry-verbs.ts';
import { testContext } from '../support/test-registry.ts';
import { type TestApiServer, startTestApiServer } from '../support/test-api-server.ts';
import { type WebhookServer, patchOf, startWebhookServer } from '../support/webhook-server.ts';

let api: TestApiServer;
let hooks: WebhookServer;

before(async () => {
  [api, hooks] = await Promise.all([startTestApiServer(), startWebhookServer()]);
  await api.put(namespaces, { metadata: { name: 'default', labels: { env: 'test' } } });
  await api.put(serviceAccounts, { metadata: { name: 'default', namespace: 'default' } });
});
after(async () => {
  await api?.close();
  hooks?.close();
});
beforeEach(() => {
  hooks.handlers.clear();
  hooks.asked.length = 0;
});
afterEach(async () => {
  for (const resource of [mutating, validating, configMaps, deployments, pods, services])
    await clear(resource as Resource);
});

const kindOf = (resource: Resource): Kind => api.server.registry.kinds.find(resource)!;
const clear = (resource: Resource) =>
  api.server.registry.deleteCollection(kindOf(resource), {}, { gracePeriodSeconds: 0 }, testContext());

const CONFIG_MAPS = {
  operations: ['*'],
  apiGroups: [''],
  apiVersions: ['v1'],
  resources: ['configmaps'],
};

const hook = (path: string, more: object = {}) => ({
  name: `${path.slice(1)}.example.com`,
  clientConfig: hooks.clientConfig(path),
  rules: [CONFIG_MAPS],
  admissionReviewVersions: ['v1'],
  sideEffects: 'None',
  timeoutSeconds: 5,
  ...more,
});

const install = (resource: Resource, ...webhooks: readonly object[]) =>
  api.client.create(resource, { metadata: { name: 'test' }, webhooks } as KubeObject);

const configMap = (name: string, more: object = {}): ConfigMap & KubeObject => ({
  metadata: { name, namespace: 'default' },
  data: { a: '1' },
  ...more,
});
const ref = (name: string) => ({ name, namespace: 'default' });
const MERGE = { type: 'application/merge-patch+json' } as const;

const text = async (attempt: Promise<unknown>): Promise<string> => {
  const { code, message } = await statusOf(attempt);
  return `${code} ${message}`;
};

const setData = (key: string, value: string) => () => patchOf([{ op: 'add', path: `/data/${key}`, value }]);

describe('a validating webhook', () => {
  it('is asked about what its rules say, and its refusal is the answer', async () => {
    await install(validating, hook('/deny'));
    hooks.handlers.set('/deny', ({ object, oldObject, operation, options, userInfo, dryRun }) => {
      const { data } = (object ?? oldObject) as ConfigMap;
      assert.equal(userInfo.username, 'kubernetes-admin');
      assert.equal(
        options?.kind,
        { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions' }[operation] ?? 'DeleteOptions',
      );
      assert.equal(dryRun, false);
      return data?.['a'] === 'bad'
        ? { allowed: false, status: { message: 'a is bad', code: 403, reason: 'Forbidden' } }
        : { allowed: true };
    });
    await api.client.create(configMaps, configMap('good'));
    const refused = await statusOf(api.client.create(configMaps, configMap('bad', { data: { a: 'bad' } })));
    assert.deepEqual(refused, {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'admission webhook "deny.example.com" denied the request: a is bad',
      reason: 'Forbidden',
      code: 403,
    });
    await assert.rejects(api.client.get(configMaps, ref('bad')), /not found/);
    assert.equal(
      await text(api.client.patch(configMaps, ref('good'), { data: { a: 'bad' } }, MERGE)),
      '403 admission webhook "deny.example.com" denied the request: a is bad',
    );
    await api.client.delete(configMaps, ref('good'));
    assert.deepEqual(hooks.asked, [
      '/deny CREATE configmaps good',
      '/deny CREATE configmaps bad',
      '/deny UPDATE configmaps good',
      '/deny DELETE configmaps good',
    ]);
  });

  it('without an explanation denies with 400, whatever it says', async () => {
    await install(validating, hook('/deny'));
    hooks.handlers.set('/deny', () => ({ allowed: false, status: { code: 200, status: 'Success' } }));
    const said = 'admission webhook "deny.example.com" denied the request';
    assert.equal(
      await text(api.client.create(configMaps, configMap('a'))),
      `400 ${said} without explanation`,
    );
    hooks.handlers.set('/deny', () => ({ allowed: false, status: { reason: 'Conflict', code: 409 } }));
    assert.equal(await text(api.client.create(configMaps, configMap('a'))), `409 ${said}: Conflict`);
  });

  it('is asked together with the others, and the first refusal in order counts', async () => {
    await install(validating, hook('/one'), hook('/two'));
    const { promise, resolve } = Promise.withResolvers<void>();
    // Each waits until the other has been asked: one after the other they would time out.
    hooks.handlers.set('/one', async () => {
      await promise;
      return { allowed: false, status: { message: 'one' } };
    });
    hooks.handlers.set('/two', () => {
      resolve();
      return { allowed: false, status: { message: 'two' } };
    });
    assert.match(await text(api.client.create(configMaps, configMap('a'))), /"one\.example\.com" .*: one$/);
  });

  it('may not change anything', async () => {
    await install(validating, hook('/patch'));
    hooks.handlers.set('/patch', setData('b', '2'));
    assert.match(
      await text(api.client.create(configMaps, configMap('a'))),
      /^500 Internal error occurred: failed calling webhook "patch\.example\.com": received invalid webhook response: validating webhook may not return response\.patch$/,
    );
  });

  it('is never asked about webhooks and policies', async () => {
    await install(
      validating,
      hook('/all', { rules: [{ ...CONFIG_MAPS, apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'] }] }),
    );
    hooks.handlers.set('/all', () => ({ allowed: false }));
    await api.client.create(mutating, { metadata: { name: 'other' }, webhooks: [] } as KubeObject);
    await api.client.delete(validating, { name: 'test' });
    assert.deepEqual(hooks.asked, []);
  });

  it('sees connections and subresources that its rules name', async () => {
    const rules = [
      { ...CONFIG_MAPS, resources: ['pods/exec', 'pods/binding', 'pods/eviction', 'pods/status'] },
    ];
    await install(validating, hook('/sub', { rules }));
    hooks.handlers.set('/sub', ({ subResource, kind }) =>
      subResource === 'exec' || subResource === 'eviction'
        ? { allowed: false, status: { message: `no ${kind.kind}` } }
        : { allowed: true },
    );
    await api.client.create(pods, { metadata: ref('p'), spec: { containers: [{ name: 'c', image: 'i' }] } });
    const binding = { metadata: ref('p'), target: { kind: 'Node', name: 'n' } };
    await api.client.createSubresource(pods, ref('p'), 'binding', binding as never);
    await api.client.patch(pods, ref('p'), { status: { message: 'm' } }, { ...MERGE, subresource: 'status' });
    assert.match(
      await text(api.client.createSubresource(pods, ref('p'), 'eviction', { metadata: ref('p') } as never)),
      /denied the request: no Eviction$/,
    );
    const { stderr } = await api.kubectl('1.32', ['exec', 'p', '--', 'true']);
    assert.match(stderr, /admission webhook "sub\.example\.com" denied the request: no PodExecOptions/);
  });
});

describe('a mutating webhook', () => {
  it('changes the status where that is written, and nothing else of the object', async () => {
    const rules = [{ ...CONFIG_MAPS, resources: ['pods/status'] }];
    await install(mutating, hook('/status', { rules }));
    hooks.handlers.set('/status', () =>
      patchOf([
        { op: 'add', path: '/status/reason', value: 'Webhook' },
        { op: 'add', path: '/spec/hostNetwork', value: true },
      ]),
    );
    await api.client.create(pods, { metadata: ref('p'), spec: { containers: [{ name: 'c', image: 'i' }] } });
    await api.client.patch(pods, ref('p'), { status: { message: 'm' } }, { ...MERGE, subresource: 'status' });
    const { spec, status } = await api.client.get(pods, ref('p'));
    assert.deepEqual([spec?.hostNetwork, status?.message, status?.reason], [undefined, 'm', 'Webhook']);
  });

  it('changes objects before they are completed, in the order of names', async () => {
    await install(mutating, hook('/one'), hook('/two'));
    hooks.handlers.set('/one', ({ object }) => {
      const { metadata } = object as KubeObject;
      assert.deepEqual([metadata?.uid, metadata?.creationTimestamp], [undefined, undefined]);
      return patchOf([{ op: 'add', path: '/data/one', value: '1' }]);
    });
    hooks.handlers.set('/two', ({ object }) =>
      patchOf([{ op: 'add', path: '/data/two', value: `after ${Object.keys(object!['data']!).join()}` }]),
    );
    const made = await api.client.create(configMaps, configMap('a'));
    assert.deepEqual(made.data, { a: '1', one: '1', two: 'after a,one' });
    const [entry] = made.metadata.managedFields ?? [];
    assert.deepEqual(Object.keys((entry!.fieldsV1 as { 'f:data': object })['f:data']), ['.', 'f:a']);
  });

  it('is asked on every way to write', async () => {
    await install(mutating, hook('/set'));
    let count = 0;
    hooks.handlers.set('/set', ({ object }) =>
      object ? setData('n', String(++count))() : { allowed: true },
    );
    const n = ({ data }: ConfigMap): string | undefined => data?.['n'];
    const { client } = api;
    const made = await client.create(configMaps, configMap('a'));
    const updated = await client.update(configMaps, { ...made, data: { a: '2' } });
    const patched = await client.patch(configMaps, ref('a'), { data: { b: '3' } }, MERGE);
    const apply = async (name: string): Promise<ConfigMap> => {
      const config = { apiVersion: 'v1', kind: 'ConfigMap', ...configMap(name, { data: { c: '4' } }) };
      const request = { config, isForced: true };
      const { registry } = api.server;
      return (await registry.apply(kindOf(configMaps), ref(name), request, testContext()))
        .object as ConfigMap;
    };
    const [applied, appliedNew] = [await apply('a'), await apply('b')];
    assert.deepEqual([made, updated, patched, applied, appliedNew].map(n), ['1', '2', '3', '4', '5']);
    await clear(configMaps);
    assert.deepEqual(hooks.asked.slice(5), ['/set DELETE configmaps a', '/set DELETE configmaps b']);
  });

  it('changes a scale, and leaves the rest of the workload', async () => {
    const rule = { ...CONFIG_MAPS, apiGroups: ['apps'], resources: ['deployments/scale'] };
    await install(mutating, hook('/scale', { rules: [rule] }));
    hooks.handlers.set('/scale', ({ kind, object }) => {
      assert.equal(kind.kind, 'Scale');
      return patchOf([
        { op: 'replace', path: '/spec/replicas', value: (object as Scale).spec!.replicas! + 1 },
      ]);
    });
    const template = {
      metadata: { labels: { app: 'd' } },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    };
    const spec = { replicas: 1, selector: { matchLabels: { app: 'd' } }, template };
    await api.client.create(deployments, { metadata: ref('d'), spec } as Deployment & KubeObject);
    await api.client.patch(
      deployments,
      ref('d'),
      { spec: { replicas: 4 } },
      { ...MERGE, subresource: 'scale' },
    );
    assert.equal((await api.client.get(deployments, ref('d'))).spec?.replicas, 5);
  });

  it('leaves objects that get their defaults and are validated', async () => {
    const rules = [{ ...CONFIG_MAPS, resources: ['services'] }];
    await install(mutating, hook('/ports', { rules }));
    hooks.handlers.set('/ports', ({ object }) =>
      patchOf([
        {
          op: 'add',
          path: '/spec/ports',
          value: [{ port: (object as KubeObject).metadata!.name === 'good' ? 80 : 0 }],
        },
      ]),
    );
    const service = (name: string) => ({ metadata: ref(name), spec: { selector: { a: 'b' } } });
    const made = await api.client.create(services, service('good'));
    assert.deepEqual(made.spec?.ports, [{ protocol: 'TCP', port: 80, targetPort: 80 }]);
    assert.match(
      await text(api.client.create(services, service('bad'))),
      /^422 .*spec\.ports\[0\]\.port: Invalid value: 0/,
    );
  });

  it('sees what the server adds, and the server what it adds', async () => {
    await install(
      mutating,
      hook('/pod', { rules: [{ ...CONFIG_MAPS, resources: ['pods'], operations: ['CREATE'] }] }),
    );
    hooks.handlers.set('/pod', ({ object }) => {
      const { spec } = object as unknown as { spec: { serviceAccountName: string; containers: object[] } };
      assert.equal(spec.serviceAccountName, 'default');
      return patchOf([{ op: 'add', path: '/spec/containers/-', value: { name: 'sidecar', image: 's' } }]);
    });
    const made = await api.client.create(pods, {
      metadata: { generateName: 'p-', namespace: 'default' },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    });
    const mounts = made.spec!.containers.map(({ volumeMounts }) =>
      volumeMounts?.map(({ mountPath }) => mountPath),
    );
    const token = ['/var/run/secrets/kubernetes.io/serviceaccount'];
    assert.deepEqual(mounts, [token, token]);
    assert.equal(made.spec!.volumes!.length, 1);
    assert.match(made.metadata.name, /^p-.{5}$/);
  });

  it('is asked again about later changes if it wants', async () => {
    const again = { reinvocationPolicy: 'IfNeeded' };
    await install(mutating, hook('/first', again), hook('/second'), hook('/third', again));
    hooks.handlers.set('/first', () => ({ allowed: true }));
    hooks.handlers.set('/second', setData('b', '2'));
    hooks.handlers.set('/third', () => ({ allowed: true }));
    await api.client.create(configMaps, configMap('a'));
    const paths = hooks.asked.map((line) => line.split(' ')[0]);
    assert.deepEqual(paths, ['/first', '/second', '/third', '/first']);
  });

  it('cannot rename, nor give another identity', async () => {
    await install(mutating, hook('/name'));
    const replace = (path: string, value: string) => () =>
      patchOf([{ op: 'add', path: `/metadata/${path}`, value }]);
    hooks.handlers.set('/name', replace('namespace', 'other'));
    assert.match(
      await text(api.client.create(configMaps, configMap('a'))),
      /^400 the namespace of the provided object does not match/,
    );
    hooks.handlers.set('/name', replace('uid', 'x'));
    const made = await api.client.create(configMaps, configMap('a'));
    assert.notEqual(made.metadata.uid, 'x');
    hooks.handlers.set('/name', replace('name', 'b'));
    assert.match(
      await text(api.client.patch(configMaps, ref('a'), { data: { a: '3' } }, MERGE)),
      /^400 the name of the object \(b\)/,
    );
  });
});

describe('which requests webhooks are asked about', () => {
  const asksFor = async (more: object): Promise<readonly string[]> => {
    await install(validating, hook('/ask', more));
    hooks.handlers.set('/ask', () => ({ allowed: true }));
    await api.client.create(configMaps, configMap('plain'));
    await api.client.create(
      configMaps,
      configMap('marked', { metadata: { ...ref('marked'), labels: { m: 'x' } } }),
    );
    await api.client.create(configMaps, { metadata: { name: 'else', namespace: 'elsewhere' } });
    await api.client.delete(configMaps, { name: 'else', namespace: 'elsewhere' });
    await clear(validating);
    return hooks.asked.filter((line) => line.includes('CREATE')).map((line) => line.split(' ').at(-1)!);
  };
  before(() => api.put(namespaces, { metadata: { name: 'elsewhere' } }));

  const cases: readonly [string, object, readonly string[]][] = [
    ['an operation', { rules: [{ ...CONFIG_MAPS, operations: ['UPDATE'] }] }, []],
    [
      'another version, where that must be exact',
      { matchPolicy: 'Exact', rules: [{ ...CONFIG_MAPS, apiVersions: ['v2'] }] },
      [],
    ],
    ['every resource', { rules: [{ ...CONFIG_MAPS, resources: ['*'] }] }, ['plain', 'marked', 'else']],
    [
      'no subresources',
      { rules: [{ ...CONFIG_MAPS, resources: ['configmaps/*'] }] },
      ['plain', 'marked', 'else'],
    ],
    ['cluster-scoped objects', { rules: [{ ...CONFIG_MAPS, scope: 'Cluster' }] }, []],
    ['labels of namespaces', { namespaceSelector: { matchLabels: { env: 'test' } } }, ['plain', 'marked']],
    [
      'labels of objects',
      { objectSelector: { matchExpressions: [{ key: 'm', operator: 'Exists' }] } },
      ['marked'],
    ],
    [
      'conditions',
      {
        matchConditions: [
          { name: 'c', expression: "request.name.startsWith('p') && !has(object.metadata.labels)" },
        ],
      },
      ['plain'],
    ],
    ['no rule', { rules: [] }, []],
  ];
  for (const [what, more, expected] of cases)
    it(what, async () => {
      assert.deepEqual(await asksFor(more), expected);
    });

  it('another version of the resource, which the webhook sees as the one that it knows', async () => {
    const version = (name: string) => ({
      name,
      served: true,
      storage: name === 'v2',
      schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
    });
    const names = { plural: 'things', kind: 'Thing' };
    const spec = {
      group: 'example.com',
      scope: 'Namespaced',
      names,
      versions: [version('v1'), version('v2')],
    };
    const things = (name: string) => ({
      group: 'example.com',
      version: name,
      resource: 'things',
      kind: 'Thing',
      namespaced: true,
    });
    await api.client.create(customResourceDefinitions, {
      metadata: { name: 'things.example.com' },
      spec,
    } as never);
    const rules = [{ ...CONFIG_MAPS, apiGroups: ['example.com'], resources: ['things'] }];
    await install(mutating, hook('/v1', { rules }), hook('/exact', { rules, matchPolicy: 'Exact' }));
    hooks.handlers.set('/v1', ({ kind, requestKind, object }) => {
      assert.deepEqual(
        [kind.version, requestKind.version, object!['apiVersion']],
        ['v1', 'v2', 'example.com/v1'],
      );
      return patchOf([{ op: 'add', path: '/seen', value: true }]);
    });
    const made = await api.client.create(things('v2') as Resource, { metadata: ref('t') });
    assert.deepEqual([made.apiVersion, (made as { seen?: boolean }).seen], ['example.com/v2', true]);
    assert.deepEqual(hooks.asked, ['/v1 CREATE things t']);
  });

  it('a condition that fails refuses, or leaves the webhook out', async () => {
    const matchConditions = [{ name: 'c', expression: "object.data.none == ''" }];
    await install(validating, hook('/ask', { matchConditions }));
    assert.match(
      await text(api.client.create(configMaps, configMap('a'))),
      /^403 configmaps "a" is forbidden: .*no such key: none/,
    );
    await clear(validating);
    await install(validating, hook('/ask', { matchConditions, failurePolicy: 'Ignore' }));
    await api.client.create(configMaps, configMap('a'));
    assert.deepEqual(hooks.asked, []);
  });
});

describe('a webhook that fails', () => {
  const outcomes = async (more: object): Promise<readonly [string, string | undefined]> => {
    await install(mutating, hook('/broken', more));
    const strict = await text(api.client.create(configMaps, configMap('a')));
    await clear(mutating);
    await install(mutating, hook('/broken', { ...more, failurePolicy: 'Ignore' }));
    const { data } = await api.client.create(configMaps, configMap('a'));
    return [strict, data?.['a']];
  };
  const failed = (why: string): string =>
    `500 Internal error occurred: failed calling webhook "broken.example.com": ${why}`;
  const posted = (why: string): string =>
    failed(`failed to call webhook: Post "https://127.0.0.1:${hooks.port}/broken?timeout=5s": ${why}`);

  it('as nobody listens', async () => {
    const { caBundle } = hooks.clientConfig('/');
    const [strict, value] = await outcomes({ clientConfig: { url: 'https://127.0.0.1:1/broken', caBundle } });
    assert.equal(
      strict,
      failed(
        'failed to call webhook: Post "https://127.0.0.1:1/broken?timeout=5s": dial tcp 127.0.0.1:1: connect: connection refused',
      ),
    );
    assert.equal(value, '1');
  });

  it('as its certificate is not trusted', async () => {
    const { certificate } = await createAuthority('someone-else');
    const caBundle = Buffer.from(certificate).toString('base64');
    const [strict, value] = await outcomes({ clientConfig: { ...hooks.clientConfig('/broken'), caBundle } });
    assert.match(strict, /tls: failed to verify certificate: x509: certificate signed by unknown authority$/);
    assert.deepEqual([value, hooks.asked], ['1', []]);
  });

  it('as it does not answer in time', async () => {
    hooks.handlers.set('/broken', () => undefined);
    const [strict] = await outcomes({ timeoutSeconds: 1 });
    assert.equal(
      strict,
      failed(
        `failed to call webhook: Post "https://127.0.0.1:${hooks.port}/broken?timeout=1s": context deadline exceeded`,
      ),
    );
  });

  it('as its Service is not there', async () => {
    const service = { namespace: 'default', name: 'none', path: '/broken' };
    const [strict] = await outcomes({
      clientConfig: { service, caBundle: hooks.clientConfig('/').caBundle },
    });
    assert.equal(
      strict,
      failed(
        'failed to call webhook: Post "https://none.default.svc:443/broken?timeout=5s": services "none" not found',
      ),
    );
  });

  const answers: readonly [string, string | (() => Buffer | string), number, RegExp][] = [
    ['with a 500', 'boom', 500, /the server answered with status 500$/],
    ['with garbage', '{"kind', 200, /json parse error/],
    ['with an empty review', '{}', 200, /received invalid webhook response: webhook response was absent$/],
    [
      'with somebody else’s answer',
      '{"response":{"uid":"x","allowed":true}}',
      200,
      /received invalid webhook response: expected response\.uid=".*", got "x"$/,
    ],
    ['with a huge answer', () => Buffer.alloc(9 << 20, 32), 200, /the answer is larger than 8388608 bytes$/],
  ];
  for (const [what, body, code, why] of answers)
    it(`as it answers ${what}`, async () => {
      hooks.handlers.set('/broken', (_request, response) => {
        response.statusCode = code;
        response.end(typeof body === 'string' ? body : body());
        return undefined;
      });
      const [strict, value] = await outcomes({});
      assert.ok(strict.startsWith(posted('')) || strict.startsWith(failed('received invalid')), strict);
      assert.match(strict, why);
      assert.equal(value, '1');
    });

  it('whatever its policy if its patch does not apply, or makes no object', async () => {
    await install(mutating, hook('/broken', { failurePolicy: 'Ignore' }));
    hooks.handlers.set('/broken', () => patchOf([{ op: 'remove', path: '/data/none' }]));
    assert.match(
      await text(api.client.create(configMaps, configMap('a'))),
      /^500 Internal error occurred: admission webhook "broken\.example\.com" returned a patch that cannot be applied: .*\/data\/none/,
    );
    hooks.handlers.set('/broken', () => patchOf([{ op: 'replace', path: '/data', value: 7 }]));
    assert.match(await text(api.client.create(configMaps, configMap('a'))), /^500 .* cannot be applied: /);
    hooks.handlers.set('/broken', () => ({ allowed: true, patch: 'W10=' }));
    await api.client.create(configMaps, configMap('a')); // an invalid answer is a failure that is ignored
    hooks.handlers.set('/broken', setData('b', '2'));
    assert.match(
      await text(api.client.delete(configMaps, ref('a'))),
      /^500 .*attempted to modify the object, which is not supported for this operation$/,
    );
  });

  it('in nothing but a dry run, which it cannot take part in', async () => {
    // kube-apiserver knows these side effects from v1beta1 only: they can be stored no more.
    assert.match(
      await text(install(validating, hook('/a', { sideEffects: 'Some' }))),
      /^422 .*webhooks\[0\]\.sideEffects: Unsupported value: "Some"/,
    );
    await install(mutating, hook('/dry', { sideEffects: 'NoneOnDryRun' }));
    hooks.handlers.set('/dry', ({ dryRun }) => setData('dry', String(dryRun))());
    const context = testContext({ dryRun: true });
    const made = await api.server.registry.create(
      kindOf(configMaps),
      'default',
      configMap('a') as Draft,
      context,
    );
    assert.equal((made as ConfigMap).data?.['dry'], 'true');
    await assert.rejects(api.client.get(configMaps, ref('a')), /not found/);
  });
});

describe('while a webhook is asked', () => {
  /** The first answer comes after the interference. */
  const interfere = (path: string, act: () => Promise<unknown>): void => {
    let isFirst = true;
    hooks.handlers.set(path, async ({ userInfo }) => {
      assert.equal(userInfo.username, 'kubernetes-admin');
      if (isFirst) {
        isFirst = false;
        await act();
      }
      return { allowed: true };
    });
  };
  const internal = () => api.server.clientFor({ name: 'kubernetes-admin', groups: ['system:masters'] });

  for (const resource of [mutating, validating])
    it(`a patch is made again on what others wrote (${resource.kind})`, async () => {
      await api.client.create(configMaps, configMap('a'));
      await install(resource, hook('/slow'));
      interfere('/slow', () => internal().patch(configMaps, ref('a'), { data: { b: '2' } }, MERGE));
      const patched = await api.client.patch(configMaps, ref('a'), { data: { c: '3' } }, MERGE);
      assert.deepEqual(patched.data, { a: '1', b: '2', c: '3' });
      assert.equal(hooks.asked.length, 3);
    });

  it('an update of a version that is no more conflicts', async () => {
    const made = await api.client.create(configMaps, configMap('a'));
    await install(validating, hook('/slow'));
    interfere('/slow', () => internal().patch(configMaps, ref('a'), { data: { b: '2' } }, MERGE));
    assert.match(
      await text(api.client.update(configMaps, { ...made, data: { c: '3' } })),
      /^409 .*the object has been modified/,
    );
    assert.deepEqual((await api.client.get(configMaps, ref('a'))).data, { a: '1', b: '2' });
  });

  it('a name may be taken, and a namespace may go', async () => {
    await install(validating, hook('/slow'));
    interfere('/slow', () => internal().create(configMaps, configMap('a')));
    assert.match(
      await text(api.client.create(configMaps, configMap('a'))),
      /^409 configmaps "a" already exists/,
    );
    await api.put(namespaces, { metadata: { name: 'going' } });
    interfere('/slow', () => internal().delete(namespaces, { name: 'going' }));
    assert.match(
      await text(api.client.create(configMaps, { metadata: { name: 'a', namespace: 'going' } })),
      /^403 configmaps "a" is forbidden: unable to create new content in namespace going because it is being terminated/,
    );
  });

  it('an object may go: its deletion and its patch find nothing', async () => {
    await install(
      validating,
      hook('/slow', { rules: [{ ...CONFIG_MAPS, operations: ['UPDATE', 'DELETE'] }] }),
    );
    await api.client.create(configMaps, configMap('a'));
    interfere('/slow', () => internal().delete(configMaps, ref('a')));
    assert.match(await text(api.client.patch(configMaps, ref('a'), { data: { b: '2' } }, MERGE)), /^404 /);
  });

  it('one that changes all the time ends as a conflict', async () => {
    await api.client.create(configMaps, configMap('a'));
    await install(validating, hook('/slow', { objectSelector: { matchLabels: { who: 'client' } } }));
    let count = 0;
    hooks.handlers.set('/slow', async () => {
      await internal().patch(
        configMaps,
        ref('a'),
        { data: { n: String(++count) }, metadata: { labels: { who: null } } },
        MERGE,
      );
      return { allowed: true };
    });
    const change = { metadata: { labels: { who: 'client' } } };
    assert.match(await text(api.client.patch(configMaps, ref('a'), change, MERGE)), /^409 /);
    assert.equal(count, 6);
  });
});

describe('warnings and annotations', () => {
  it('of webhooks reach the audit log under their names', async () => {
    await install(validating, hook('/audit'));
    hooks.handlers.set('/audit', () => ({ allowed: true, auditAnnotations: { seen: 'yes' } }));
    const annotations: string[][] = [];
    const context = testContext({ annotate: (...entry) => annotations.push(entry) });
    await api.server.registry.create(kindOf(configMaps), 'default', configMap('a') as Draft, context);
    assert.deepEqual(annotations, [['audit.example.com/seen', 'yes']]);
  });

  it('of webhooks reach kubectl', async () => {
    await install(validating, hook('/warn'));
    hooks.handlers.set('/warn', () => ({ allowed: true, warnings: ['careful: “ä”', 7] }));
    const { stderr } = await api.kubectl('1.32', ['create', 'configmap', 'a']);
    assert.match(stderr, /^Warning: careful: “ä”$/m);
  });
});
