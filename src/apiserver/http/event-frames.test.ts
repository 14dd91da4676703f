import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import { configMapKind } from '../kinds/core/config-map.ts';
import type { RegistryEvent } from '../registry.ts';
import type { Form } from './accept.ts';
import { type StreamPresentation, createEventFrames } from './event-frames.ts';
import { createObjectTexts } from './object-texts.ts';

/** Counts how often it is serialised. */
const counted = (name: string): { readonly event: RegistryEvent; readonly count: () => number } => {
  let times = 0;
  const data = { toJSON: () => ({ times: ++times }) };
  const metadata = { name, uid: name, resourceVersion: '1', creationTimestamp: '' };
  return {
    event: { type: 'MODIFIED', object: { metadata, data } as unknown as Stored<KubeObject> },
    count: () => times,
  };
};
const as = (form: Form, encoding: StreamPresentation['encoding'] = 'json'): StreamPresentation => ({
  kind: configMapKind,
  form,
  encoding,
  includeObject: 'Object',
  nowMs: 0,
});
const LATER = { isFirst: false, isBeginning: false };
const FORMS: readonly Form[] = [
  { as: 'object' },
  { as: 'Table', version: 'v1' },
  { as: 'PartialObjectMetadata', version: 'v1' },
];

describe('createEventFrames()', () => {
  it('serialises an event once for each form, however many watch', () => {
    const { frameOf } = createEventFrames(createObjectTexts(createFakeClock()));
    const { event, count } = counted('a');
    const frames = FORMS.map((form) => Array.from({ length: 100 }, () => frameOf(as(form), event, LATER)));
    for (const [first, ...others] of frames)
      assert.ok(
        others.every((frame) => frame === first),
        'the same bytes',
      );
    assert.equal(new Set(frames.map(([first]) => String(first))).size, FORMS.length);
    assert.equal(count(), 2, 'as an object, and in the row of a Table; metadata has none of it');
  });

  it('sends what a watch begins with from texts that are kept for the next one', () => {
    const { frameOf } = createEventFrames(createObjectTexts(createFakeClock()));
    const events = ['a', 'b'].map(counted);
    const beginning = (form: Form): readonly unknown[] =>
      events.map(({ event }) =>
        JSON.parse(String(frameOf(as(form), event, { isFirst: false, isBeginning: true }))),
      );
    const partial = (name: string) => ({
      apiVersion: 'meta.k8s.io/v1',
      kind: 'PartialObjectMetadata',
      metadata: { name },
    });
    for (let watches = 0; watches < 3; watches++) {
      assert.partialDeepStrictEqual(beginning({ as: 'object' }), [
        {
          type: 'MODIFIED',
          object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { times: 1 } },
        },
        { type: 'MODIFIED', object: { metadata: { name: 'b' } } },
      ]);
      assert.partialDeepStrictEqual(
        beginning({ as: 'PartialObjectMetadata', version: 'v1' }),
        ['a', 'b'].map((name) => ({ type: 'MODIFIED', object: partial(name) })),
      );
    }
    assert.deepEqual(
      events.map(({ count }) => count()),
      [1, 1],
    );
  });

  it('keeps the frames of the last event only', () => {
    const { frameOf } = createEventFrames(createObjectTexts(createFakeClock()));
    const [first, second] = [counted('a'), counted('b')];
    for (const { event } of [first, second, first]) frameOf(as({ as: 'object' }), event, LATER);
    assert.deepEqual([first.count(), second.count()], [2, 1]);
  });
});
