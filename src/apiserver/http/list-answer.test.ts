import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import type { Kind } from '../kind.ts';
import { configMapKind } from '../kinds/core/config-map.ts';
import type { ListPage } from '../registry.ts';
import type { Form } from './accept.ts';
import { listAnswer } from './list-answer.ts';
import { createObjectTexts } from './object-texts.ts';
import { type IncludeObject, type Presentation, presentList } from './presentation.ts';

const item = (name: string): Stored<KubeObject> =>
  ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name,
      namespace: 'default',
      uid: name,
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    data: { text: '"\u00e4\u2028{' },
  }) as unknown as Stored<KubeObject>;

const customKind: Kind = { ...configMapKind, custom: { listKind: 'FooList' } as Kind['custom'] & object };
const FORMS: readonly Form[] = [
  { as: 'object' },
  { as: 'PartialObjectMetadata', version: 'v1' },
  { as: 'PartialObjectMetadata', version: 'v1beta1' },
  { as: 'Table', version: 'v1' },
];
const INCLUDES: readonly IncludeObject[] = ['None', 'Metadata', 'Object'];

const presentationsOf = (kind: Kind): readonly Presentation[] =>
  FORMS.flatMap((form) =>
    INCLUDES.map((includeObject) => ({ kind, form, includeObject, nowMs: 1_800_000_000_000 })),
  );

describe('listAnswer()', () => {
  for (const [what, kind] of Object.entries({ 'built-in': configMapKind, custom: customKind }))
    it(`is the list of ${what} objects in every form, the first time and from texts that are kept`, () => {
      const texts = createObjectTexts(createFakeClock());
      const items = ['a', 'b', 'c'].map(item);
      for (const count of [0, 1, 3])
        for (const presentation of presentationsOf(kind)) {
          const page: ListPage = { resourceVersion: '7', items: items.slice(0, count), continue: 'next' };
          const expected = JSON.parse(JSON.stringify(presentList(presentation, page)));
          for (let time = 0; time < 2; time++) {
            const { chunks } = listAnswer(texts, presentation, page);
            assert.deepEqual(JSON.parse([...chunks].join('')), expected);
          }
        }
    });
});
