import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Container, Pod, Secret, Service } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { containerEnv } from './container-env.ts';
import { expand } from './expand.ts';
import { fieldValue } from './field-ref.ts';
import { resourceFieldValue } from './resource-field.ts';
import { serviceVariables, servicesFor } from './service-env.ts';

const pod: Stored<Pod> = {
  metadata: {
    name: 'web',
    namespace: 'ns',
    uid: 'u',
    resourceVersion: '1',
    creationTimestamp: '',
    labels: { b: 'say "hi"', a: '1' },
  },
  spec: { nodeName: 'node-1', serviceAccountName: 'robot', containers: [] },
};
const capacity = { cpuMillis: 4000, memoryBytes: 8 * 2 ** 30 };
const fields = { pod, podIps: ['10.244.0.1', 'fd00::1'], hostIps: ['172.30.0.11'] };

const envOf = async (container: Partial<Container>, services = serviceVariables([])): Promise<string> => {
  const facts = {
    ...fields,
    capacity,
    serviceVariables: services,
    configMap: async (name: string) => (name === 'conf' ? { data: { A: 'a', 'B.b': 'b' } } : undefined),
    secret: async (name: string): Promise<Secret | undefined> =>
      name === 'hidden' ? { data: { word: 'c3dvcmRmaXNo' } } : undefined,
  };
  const env = await containerEnv({ name: 'c', ...container }, facts);
  return env.map(({ name, value }) => `${name}=${value}`).join(' ');
};
const service = (
  name: string,
  clusterIP: string,
  ...ports: { port: number; name?: string; protocol?: string }[]
) => ({ metadata: { name }, spec: { clusterIP, ports } }) satisfies Service;

describe('expand()', () => {
  it('replaces what is known, keeps the rest, and reads $$ as $', () => {
    const lookUp = (name: string): string | undefined => ({ A: '1', B: '$(A)' })[name];
    const cases = ['$(A)-$(A)', '$(C)', '$$(A)', '$$$(A)', '$(B)', '$(A', '$A', '$', 'a$(A)b', '$()'];
    assert.deepEqual(
      cases.map((text) => expand(text, lookUp)),
      ['1-1', '$(C)', '$(A)', '$1', '$(A)', '$(A', '$A', '$', 'a1b', '$()'],
    );
  });
});

describe('containerEnv()', () => {
  it('takes values in their order: each sees those before it, the last of a name wins', async () => {
    const env = [
      { name: 'A', value: 'one' },
      { name: 'B', value: '$(A) $(C)' },
      { name: 'C', value: 'late' },
      { name: 'A', value: 'two' },
    ];
    assert.equal(await envOf({ env }), 'A=two B=one $(C) C=late');
  });

  it('lets envFrom override Services, and env override envFrom', async () => {
    const services = [
      { name: 'A', value: 'service' },
      { name: 'X_A', value: 'service' },
    ];
    const envFrom = [{ prefix: 'X_', configMapRef: { name: 'conf' } }];
    const env = [{ name: 'X_B.b', value: '$(X_A)$(A)' }];
    assert.equal(await envOf({ envFrom, env }, services), 'A=service X_A=a X_B.b=aservice');
  });

  it('reads keys of ConfigMaps and Secrets, and leaves out what is optional and missing', async () => {
    const env = [
      { name: 'A', valueFrom: { configMapKeyRef: { name: 'conf', key: 'A' } } },
      { name: 'W', valueFrom: { secretKeyRef: { name: 'hidden', key: 'word' } } },
      { name: 'O', valueFrom: { secretKeyRef: { name: 'hidden', key: 'none', optional: true } } },
      { name: 'P', valueFrom: { configMapKeyRef: { name: 'none', key: 'a', optional: true } } },
    ];
    assert.equal(await envOf({ env }), 'A=a W=swordfish');
  });

  it('names what is missing as kubelet does', async () => {
    const missing = (valueFrom: object) => envOf({ env: [{ name: 'A', valueFrom }] });
    await assert.rejects(missing({ configMapKeyRef: { name: 'none', key: 'a' } }), {
      message: 'configmap "none" not found',
    });
    await assert.rejects(missing({ secretKeyRef: { name: 'hidden', key: 'none' } }), {
      message: "couldn't find key none in Secret ns/hidden",
    });
    await assert.rejects(
      missing({ secretKeyRef: { name: 'hidden', key: 'constructor' } }),
      /find key constructor/,
    );
    await assert.rejects(envOf({ envFrom: [{ secretRef: { name: 'none' } }] }), {
      message: 'secret "none" not found',
    });
  });
});

describe('fieldValue()', () => {
  it('knows every path of the downward API and no other', () => {
    const texts = {
      'metadata.name': 'web',
      'metadata.namespace': 'ns',
      'metadata.uid': 'u',
      "metadata.labels['a']": '1',
      "metadata.labels['no']": '',
      'spec.nodeName': 'node-1',
      'spec.serviceAccountName': 'robot',
      'status.hostIP': '172.30.0.11',
      'status.podIP': '10.244.0.1',
      'status.podIPs': '10.244.0.1,fd00::1',
      'metadata.labels': 'a="1"\nb="say \\"hi\\""',
    };
    for (const [path, text] of Object.entries(texts)) assert.equal(fieldValue(path, fields), text, path);
    assert.throws(() => fieldValue('status.phase', fields), /unsupported fieldPath: status.phase/);
    assert.throws(() => fieldValue('constructor', fields), /unsupported/);
  });
});

describe('resourceFieldValue()', () => {
  it('divides and rounds up; an absent limit is the capacity of the node', () => {
    const container: Container = {
      name: 'c',
      resources: { limits: { memory: '65Mi' }, requests: { cpu: '250m' } },
    };
    const value = (resource: string, divisor?: string): string =>
      resourceFieldValue({ resource, ...(divisor ? { divisor } : {}) }, container, capacity);
    assert.deepEqual(
      [
        value('limits.memory'),
        value('limits.memory', '1Gi'),
        value('limits.memory', '0'),
        value('requests.cpu'),
      ],
      ['68157440', '1', '68157440', '1'],
    );
    assert.deepEqual(
      [value('requests.cpu', '1m'), value('limits.cpu'), value('limits.cpu', '1m')],
      ['250', '4', '4000'],
    );
  });
});

describe('serviceVariables()', () => {
  it('makes the names of Docker links as well, with brackets around IPv6', () => {
    const text = (...services: Service[]): string[] =>
      serviceVariables(services).map(({ name, value }) => `${name}=${value}`);
    assert.deepEqual(
      text(service('my-web', '10.96.0.2', { port: 80, name: 'http-alt' }, { port: 53, protocol: 'UDP' })),
      [
        'MY_WEB_SERVICE_HOST=10.96.0.2',
        'MY_WEB_SERVICE_PORT=80',
        'MY_WEB_SERVICE_PORT_HTTP_ALT=80',
        'MY_WEB_PORT=tcp://10.96.0.2:80',
        'MY_WEB_PORT_80_TCP=tcp://10.96.0.2:80',
        'MY_WEB_PORT_80_TCP_PROTO=tcp',
        'MY_WEB_PORT_80_TCP_PORT=80',
        'MY_WEB_PORT_80_TCP_ADDR=10.96.0.2',
        'MY_WEB_PORT_53_UDP=udp://10.96.0.2:53',
        'MY_WEB_PORT_53_UDP_PROTO=udp',
        'MY_WEB_PORT_53_UDP_PORT=53',
        'MY_WEB_PORT_53_UDP_ADDR=10.96.0.2',
      ],
    );
    assert.ok(text(service('six', 'fd00::5', { port: 1 })).includes('SIX_PORT=tcp://[fd00::5]:1'));
    assert.deepEqual(text(service('headless', 'None', { port: 80 })), []);
  });

  it('servicesFor() always has kubernetes, and the others only on demand', () => {
    const [own, kubernetes] = [
      service('own', '10.96.0.2', { port: 1 }),
      service('kubernetes', '10.96.0.1', { port: 443 }),
    ];
    const names = (...args: Parameters<typeof servicesFor>) =>
      servicesFor(...args).map(({ metadata }) => metadata!.name);
    assert.deepEqual(names([own], kubernetes, true), ['own', 'kubernetes']);
    assert.deepEqual(names([own], kubernetes, false), ['kubernetes']);
    assert.deepEqual(names([own, kubernetes], kubernetes, true), ['own', 'kubernetes']);
    assert.deepEqual(names([own], undefined, true), ['own']);
  });
});
