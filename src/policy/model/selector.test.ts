import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { LabelSelector } from '../../k8s/generated/types.ts';
import { labelSelectorMatches, parseLabelSelector } from '../../k8s/labels.ts';
import { selectorOf, selects } from './selector.ts';

const expression = (operator: string, ...values: string[]): LabelSelector => ({
  matchExpressions: [{ key: 'app', operator, ...(values.length > 0 && { values }) }],
});

describe('selectorOf()', () => {
  it('has one text for selectors that say the same', () => {
    const table: [string, ...LabelSelector[]][] = [
      ['', {}, { matchLabels: {}, matchExpressions: [] }],
      ['app=web', { matchLabels: { app: 'web' } }, expression('In', 'web'), expression('In', 'web', 'web')],
      ['app in (db,web)', expression('In', 'web', 'db')],
      ['app!=web', expression('NotIn', 'web')],
      ['app notin (a,b)', expression('NotIn', 'b', 'a')],
      ['app', expression('Exists')],
      ['!app', expression('DoesNotExist')],
      ['a=1,app=web,b=2', { matchLabels: { b: '2', a: '1' }, ...expression('In', 'web') }],
      ['app=web', { matchLabels: { app: 'web' }, ...expression('In', 'web') }],
    ];
    for (const [text, ...selectors] of table)
      for (const selector of selectors) assert.equal(selectorOf(selector)?.text, text);
  });

  it('is undefined for an operator that it does not know', () => {
    assert.equal(selectorOf(expression('Like', 'w*')), undefined);
  });

  it('selects as the object does, and its text as both', () => {
    const word = fc.constantFrom('a', 'b', 'c');
    const operator = fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist');
    const requirement = fc
      .record({ key: word, operator, values: fc.array(word, { minLength: 1, maxLength: 3 }) })
      .map(({ key, operator: name, values }) =>
        name.endsWith('n') ? { key, operator: name, values } : { key, operator: name },
      );
    const labels = fc.dictionary(word, word);
    fc.assert(
      fc.property(
        labels,
        fc.array(requirement, { maxLength: 3 }),
        labels,
        (matchLabels, matchExpressions, object) => {
          const source = { matchLabels, matchExpressions };
          const selector = selectorOf(source)!;
          assert.equal(selects(selector, object), labelSelectorMatches(source, object));
          assert.deepEqual(parseLabelSelector(selector.text).length, selector.requirements.length);
        },
      ),
    );
  });
});
