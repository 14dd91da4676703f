import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import protobuf from 'protobufjs';
import { decodeProtobufObject } from './decode-object.ts';

type Write = (writer: protobuf.Writer) => void;

const VARINT = 0;
const BYTES = 2;

// Field numbers stand here as in Kubernetes' generated.proto files: the tests write what client-go writes.
const message = (...writes: readonly Write[]): Uint8Array => {
  const writer = protobuf.Writer.create();
  for (const write of writes) write(writer);
  return writer.finish();
};
const text =
  (field: number, value: string): Write =>
  (writer) =>
    writer.uint32((field << 3) | BYTES).string(value);
const number =
  (field: number, value: number): Write =>
  (writer) =>
    writer.uint32((field << 3) | VARINT).int64(value);
const sub =
  (field: number, ...writes: readonly Write[]): Write =>
  (writer) =>
    writer.uint32((field << 3) | BYTES).bytes(message(...writes));
const bytes =
  (field: number, value: Uint8Array): Write =>
  (writer) =>
    writer.uint32((field << 3) | BYTES).bytes(value);

const envelope = (apiVersion: string, kind: string, ...writes: readonly Write[]): Uint8Array =>
  Buffer.concat([
    Buffer.from('k8s\0', 'latin1'),
    message(
      sub(1, text(1, apiVersion), text(2, kind)),
      bytes(2, message(...writes)),
      text(3, ''),
      text(4, ''),
    ),
  ]);

const decode = (apiVersion: string, kind: string, ...writes: readonly Write[]) =>
  decodeProtobufObject(envelope(apiVersion, kind, ...writes));

describe('decodeProtobufObject()', () => {
  it('leaves out the zeros that Go writes for scalars that are no pointers, and keeps those of pointers', () => {
    const spec = sub(2, number(1, 0), number(5, 0), number(6, 0));
    assert.deepEqual(decode('apps/v1', 'Deployment', sub(1, text(1, 'app'), text(2, '')), spec), {
      kind: 'Deployment',
      apiVersion: 'apps/v1',
      metadata: { name: 'app' },
      spec: { replicas: 0, revisionHistoryLimit: 0 },
    });
  });

  it('maps, bytes as base64, an empty value', () => {
    const pair = (field: number, key: string, value: Write) => sub(field, text(1, key), value);
    const { data } = decode(
      'v1',
      'Secret',
      pair(2, 'p', bytes(2, Buffer.from('w'))),
      sub(2, text(1, 'none')),
    );
    assert.deepEqual(data, { p: 'dw==', none: '' });
    const map = decode(
      'v1',
      'ConfigMap',
      pair(2, '__proto__', text(2, 'x')),
      pair(3, 'b', bytes(2, Buffer.of(255))),
    );
    assert.deepEqual(Object.entries(map['data'] as object), [['__proto__', 'x']]);
    assert.deepEqual(map['binaryData'], { b: '/w==' });
  });

  it('times in seconds and micros, a zero time is absent', () => {
    const at = (field: number, nanos = 0) => sub(field, number(1, 1_700_000_000), number(2, nanos));
    assert.deepEqual(decode('v1', 'Event', at(6), sub(7)), {
      kind: 'Event',
      apiVersion: 'v1',
      firstTimestamp: '2023-11-14T22:13:20Z',
    });
    const lease = decode('coordination.k8s.io/v1', 'Lease', sub(2, text(1, 'me'), at(4, 123_456_789)));
    assert.deepEqual(lease['spec'], { holderIdentity: 'me', renewTime: '2023-11-14T22:13:20.123456Z' });
  });

  it('IntOrString, Quantity, and messages whose fields JSON inlines', () => {
    const port = (value: readonly Write[]) => sub(1, number(3, 80), sub(4, ...value));
    const service = decode(
      'v1',
      'Service',
      sub(2, port([number(1, 0), number(2, 8080)]), port([number(1, 1), text(3, 'http')])),
    );
    assert.deepEqual(service['spec'], {
      ports: [
        { port: 80, targetPort: 8080 },
        { port: 80, targetPort: 'http' },
      ],
    });
    const limit = sub(8, sub(1, text(1, 'cpu'), sub(2, text(1, '500m'))));
    const httpGet = sub(11, sub(1, sub(2, text(1, '/'), sub(2, number(2, 80)))), number(3, 5));
    const volume = sub(1, text(1, 'v'), sub(2, sub(2)));
    const pod = decode('v1', 'Pod', sub(2, volume, sub(2, text(1, 'c'), limit, httpGet)));
    assert.deepEqual(pod['spec'], {
      volumes: [{ name: 'v', emptyDir: {} }],
      containers: [
        {
          name: 'c',
          resources: { limits: { cpu: '500m' } },
          readinessProbe: { httpGet: { path: '/', port: 80 }, timeoutSeconds: 5 },
        },
      ],
    });
  });

  it('skips fields that it does not know', () => {
    const object = decode('v1', 'Namespace', text(999, 'new'), sub(1, text(1, 'n'), number(998, 1)));
    assert.deepEqual(object['metadata'], { name: 'n' });
  });

  it('refuses what is no such body, an unknown kind, and bytes that end early', () => {
    assert.throws(() => decodeProtobufObject(Buffer.from('{}')), /does not appear to be a protobuf message/);
    assert.throws(() => decode('v1', 'Nope'), /no protobuf message io\.k8s\.api\.core\.v1\.Nope/);
    const whole = envelope('v1', 'ConfigMap', sub(1, text(1, 'name')));
    for (let length = 4; length < whole.length - 2; length++) {
      try {
        decodeProtobufObject(whole.subarray(0, length));
      } catch (error) {
        assert.ok(error instanceof Error);
      }
    }
    assert.throws(() => decodeProtobufObject(Buffer.from('k8s\0\x12\x7fshort')), RangeError);
  });
});
