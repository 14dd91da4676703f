import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DecodeError, decode } from './decode.ts';
import { createSchemas, loadDefinitions } from './schema.ts';

const schemas = createSchemas(loadDefinitions());
const pod = schemas.root('io.k8s.api.core.v1.Pod');
const lease = schemas.root('io.k8s.api.coordination.v1.Lease');
const secret = schemas.root('io.k8s.api.core.v1.Secret');

const container = (fields: object) => ({ spec: { containers: [{ name: 'c', ...fields }] } });

const refusal = (attempt: () => unknown): string => {
  try {
    attempt();
  } catch (error) {
    if (error instanceof DecodeError) return error.message;
  }
  return assert.fail('expected a DecodeError');
};

describe('decode()', () => {
  it('leaves out unknown fields and says where they are', () => {
    const { object, unknownFields } = decode(pod, {
      metdata: {},
      spec: { containers: [{ name: 'a' }, { name: 'c', imagee: 'x', ports: [{ containerport: 1 }] }] },
    });
    assert.deepEqual(object, { spec: { containers: [{ name: 'a' }, { name: 'c', ports: [{}] }] } });
    assert.deepEqual(unknownFields, [
      'unknown field "metdata"',
      'unknown field "spec.containers[1].imagee"',
      'unknown field "spec.containers[1].ports[0].containerport"',
    ]);
  });

  it('refuses values of the wrong type as Go does', () => {
    for (const [value, message] of [
      [
        container({ ports: [{ containerPort: '80' }] }),
        'string into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32',
      ],
      [
        container({ ports: {} }),
        'object into Go struct field Container.spec.containers.ports of type []v1.ContainerPort',
      ],
      [
        container({ ports: [{ containerPort: 1.5 }] }),
        'number 1.5 into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32',
      ],
      [
        container({ ports: [{ containerPort: 2 ** 31 }] }),
        'number 2147483648 into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32',
      ],
      [
        container({ stdin: 'yes' }),
        'string into Go struct field Container.spec.containers.stdin of type bool',
      ],
      [
        { metadata: { labels: { a: 1 } } },
        'number into Go struct field ObjectMeta.metadata.labels.a of type string',
      ],
      [
        { metadata: { labels: [] } },
        'array into Go struct field ObjectMeta.metadata.labels of type map[string]string',
      ],
      [{ spec: 'x' }, 'string into Go struct field Pod.spec of type v1.PodSpec'],
      ['x', 'string into Go value of type v1.Pod'],
    ] as const)
      assert.equal(
        refusal(() => decode(pod, value)),
        `json: cannot unmarshal ${message}`,
      );
  });

  it('reads times, quantities, bytes and IntOrString as their types do', () => {
    const times = {
      metadata: { creationTimestamp: '2026-01-01T02:00:00.5+02:00' },
      spec: { renewTime: '2026-01-01T00:00:00.1234Z' },
    };
    assert.deepEqual(decode(lease, times).object, {
      metadata: { creationTimestamp: '2026-01-01T00:00:00Z' },
      spec: { renewTime: '2026-01-01T00:00:00.123400Z' },
    });
    const resources = { resources: { limits: { cpu: 0.5, memory: '1024Mi' } } };
    const probe = { livenessProbe: { tcpSocket: { port: 'http' } } };
    assert.deepEqual(
      decode(pod, container({ ...resources, ...probe })).object,
      container({ resources: { limits: { cpu: '500m', memory: '1Gi' } }, ...probe }),
    );
    assert.match(
      refusal(() => decode(lease, { spec: { renewTime: 'x' } })),
      /^parsing time "x" as "2006-/,
    );
    assert.match(
      refusal(() => decode(pod, container({ resources: { limits: { cpu: 'much' } } }))),
      /^quantities must match the regular expression/,
    );
    assert.equal(
      refusal(() => decode(secret, { data: { p: 'dw=!' } })),
      'illegal base64 data at input byte 2',
    );
  });

  it('drops nulls and empty collections, but not empty objects', () => {
    const body = {
      metadata: { creationTimestamp: null, labels: {} },
      spec: { volumes: [{ emptyDir: {}, name: 'v' }], initContainers: [], containers: [] },
    };
    assert.deepEqual(decode(pod, body).object, {
      metadata: {},
      spec: { volumes: [{ emptyDir: {}, name: 'v' }], containers: [] },
    });
    assert.deepEqual(
      decode(pod, { metadata: { labels: { a: null } }, spec: { containers: [null] } }).object,
      {
        metadata: { labels: { a: '' } },
        spec: { containers: [{}] },
      },
    );
  });

  it('never fails otherwise, keeps nothing of the input, and reads its own result unchanged', () => {
    const keys = fc.constantFrom(
      'metadata',
      'spec',
      'containers',
      'labels',
      'name',
      '__proto__',
      'constructor',
    );
    const json = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 6 },
        fc.constantFrom<unknown>(null, 1, 'x', true),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(keys, tie('value'), { maxKeys: 4 }),
      ),
    })).value;
    fc.assert(
      fc.property(json, (value) => {
        try {
          const { object } = decode(pod, value);
          assert.deepEqual(decode(pod, object), { object, unknownFields: [] });
        } catch (error) {
          assert.ok(error instanceof DecodeError, String(error));
        }
      }),
    );
    const shared = container({});
    (decode(pod, shared).object['spec'] as { containers: unknown[] }).containers.pop();
    assert.equal(shared.spec.containers.length, 1);
  });
});
