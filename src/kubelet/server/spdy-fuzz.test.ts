// Any frames and any bytes on a connection that was upgraded to SPDY: it ends when the caller ends it, and others are served.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { type SecureKubelet, startSecureKubelet } from '../../../test/support/secure-kubelet.ts';
import type { TestKubelet } from '../../../test/support/test-kubelet.ts';
import type { Frame } from '../../wire/spdy/frame.ts';

const PORT = 21_254;
const numRuns = Number(process.env['FUZZ_RUNS'] ?? 100);

const PATHS = [
  ['/exec/default/a/web?input=1&output=1&error=1&command=cat', 'v5.channel.k8s.io'],
  ['/exec/default/a/web?output=1&tty=1&command=cat', 'v3.channel.k8s.io'],
  ['/exec/default/a/web?output=1&error=1&command=exit&command=7', 'channel.k8s.io'],
  ['/attach/default/a/web?input=1&output=1', 'v4.channel.k8s.io'],
  ['/portForward/default/a', 'portforward.k8s.io'],
] as const;

const streamId = fc.oneof(
  { weight: 4, arbitrary: fc.nat({ max: 9 }) },
  fc.constantFrom(0x7fff_ffff, 0x7fff_fffe),
);
const uint32 = fc.nat({ max: 0xffff_ffff });
const status = fc.nat({ max: 12 });
const isLast = fc.boolean();
const data = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc
    .constantFrom('{"Width":80,"Height":24}\n', '{"Width":-1}', '{', 'x'.repeat(70_000))
    .map((text) => Buffer.from(text)),
);
const headers = fc.oneof(
  fc
    .constantFrom('error', 'stdin', 'stdout', 'stderr', 'resize', 'data')
    .map((streamtype) => ({ streamtype })),
  fc
    .tuple(
      fc.constantFrom('error', 'data'),
      fc.constantFrom('80', '0', '65536', '-1', 'a'),
      fc.nat({ max: 2 }),
    )
    .map(([streamtype, port, requestid]) => ({ streamtype, port, requestid: String(requestid) })),
  fc.dictionary(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), { maxKeys: 4 }),
);
const setting = fc.record({ id: fc.nat({ max: 9 }), flags: fc.nat({ max: 3 }), value: uint32 });

const frame: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({ kind: fc.constant('data' as const), streamId, isLast, data }),
  fc.record({
    kind: fc.constant('syn-stream' as const),
    streamId,
    isLast,
    priority: fc.nat({ max: 7 }),
    headers,
  }),
  fc.record({ kind: fc.constantFrom('syn-reply' as const, 'headers' as const), streamId, isLast, headers }),
  fc.record({ kind: fc.constant('rst-stream' as const), streamId, status }),
  fc.record({ kind: fc.constant('settings' as const), settings: fc.array(setting, { maxLength: 3 }) }),
  fc.record({ kind: fc.constant('ping' as const), id: uint32 }),
  fc.record({ kind: fc.constant('goaway' as const), lastStreamId: streamId, status }),
  fc.record({ kind: fc.constant('window-update' as const), streamId, deltaBytes: uint32 }),
);
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  // A control frame's head, with any type, flags and length.
  fc
    .tuple(fc.nat({ max: 12 }), fc.nat({ max: 3 }), fc.nat({ max: 40 }))
    .map(([type, flags, length]) => Uint8Array.of(0x80, 3, 0, type, flags, 0, 0, length)),
);

describe('kubelet server under any frames', () => {
  let test: TestKubelet;
  let dial: SecureKubelet['dial'];
  before(async () => {
    ({ test, dial } = await startSecureKubelet(PORT));
  });
  after(() => test.stop());

  it('ends each connection with its caller, and serves the next', async () => {
    const sent = fc.array(fc.oneof({ weight: 4, arbitrary: frame }, bytes), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...PATHS), sent, async ([path, protocol], all) => {
        const client = await dial(path, protocol);
        for (const each of all) {
          if (each instanceof Uint8Array) client.sendBytes(each);
          else client.sendFrame(each);
        }
        client.end();
        await client.closed;
      }),
      { numRuns },
    );
    const client = await dial('/exec/default/a/web?output=1&command=echo&command=hi', 'v4.channel.k8s.io');
    const [, stdout] = ['error', 'stdout'].map((streamtype) => client.open({ streamtype }));
    await client.closed;
    assert.equal(client.heard(stdout!), 'hi\nEND');
  });
});
