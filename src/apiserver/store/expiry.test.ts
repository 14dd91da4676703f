import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { FakeClock } from '../../../test/support/fake-clock.ts';
import { verbsOf } from '../../../test/support/registry-verbs.ts';
import { configMapKind, createTestRegistry, namespaceKind } from '../../../test/support/test-registry.ts';
import type { KubeObject } from '../../k8s/objects.ts';
import type { Registry } from '../registry.ts';

let registry: Registry;
let clock: FakeClock;
const { create } = verbsOf(() => registry);

beforeEach(async () => {
  ({ registry, clock } = await createTestRegistry());
});

describe('expiry', () => {
  it('removes what has outlived its time', async () => {
    const expiresMs = ({ metadata }: KubeObject): number =>
      Date.parse(metadata!.creationTimestamp!) + 3_600_000;
    const kind = { ...configMapKind, expiresMs };
    ({ registry, clock } = await createTestRegistry({ kinds: [namespaceKind, kind] }));
    await create(kind, 'old');
    await clock.advance(3_000_000);
    await create(kind, 'new');
    await clock.advance(660_000);
    assert.deepEqual(
      registry.list(kind, {}).items.map(({ metadata }) => metadata.name),
      ['new'],
    );
  });
});
