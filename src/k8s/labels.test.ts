import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { matchesFields, parseFieldSelector } from './fields.ts';
import { labelSelectorMatches, labelSelectorText, matchesLabels, parseLabelSelector } from './labels.ts';

const selects = (text: string, labels: Record<string, string>): boolean =>
  matchesLabels(parseLabelSelector(text), labels);

describe('parseLabelSelector()', () => {
  it('reads every form of the grammar', () => {
    const labels = { app: 'web', tier: 'front', weight: '5', 'example.com/x': '' };
    const yes = ['', 'app', 'app=web', 'app==web', 'app!=db', 'app in (web,db)', 'app notin (db)', '!canary'];
    yes.push('canary!=a', 'canary notin (a)', 'weight>4', 'weight<6', 'example.com/x=', 'app=web,tier=front');
    yes.push(' app = web , tier in ( front , x ) ', 'example.com/x in (,a)');
    const no = ['!app', 'app=db', 'app!=web', 'app in (db)', 'app notin (web,db)', 'weight>5', 'canary'];
    assert.deepEqual(
      yes.filter((text) => !selects(text, labels)),
      [],
    );
    assert.deepEqual(
      no.filter((text) => selects(text, labels)),
      [],
    );
  });

  it('takes the words in and notin as keys and values too', () => {
    assert.ok(selects('in in (notin)', { in: 'notin' }));
  });

  it('sees no label where an object has only what every object inherits', () => {
    assert.ok(!selects('constructor', {}) && selects('!toString', {}));
    assert.ok(selects('valueOf=a', { valueOf: 'a' } as unknown as Record<string, string>));
  });

  it('refuses keys and values that no label can have, in the words of kube-apiserver', () => {
    assert.throws(() => parseLabelSelector('a/b/c'), {
      message:
        `unable to parse requirement: key: Invalid value: "a/b/c": a valid label key must consist of alphanumeric characters, ` +
        `'-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', ` +
        `regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' ` +
        `(e.g. 'example.com/MyName')`,
    });
    assert.throws(() => parseLabelSelector(`a=${'x'.repeat(64)}`), {
      message: `unable to parse requirement: values[0][a]: Invalid value: "${'x'.repeat(64)}": must be no more than 63 bytes`,
    });
  });

  it('says what it found and what it expected', () => {
    const texts = ['!!a', 'a b', 'a,', ',a', 'a in b', 'a in ()', 'a=b=c', 'a>x', '-a', 'a=-b', 'a in (b'];
    for (const text of texts) assert.throws(() => parseLabelSelector(text), { name: 'SelectorError' }, text);
    assert.throws(
      () => parseLabelSelector('!!a'),
      /unable to parse requirement: found '!', expected: identifier/,
    );
  });

  it('never fails with anything but SelectorError', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab=!<>(),in \\/.'.split('')) }), (text) => {
        for (const parse of [parseLabelSelector, parseFieldSelector]) {
          try {
            parse(text);
          } catch (error) {
            assert.equal((error as Error).name, 'SelectorError');
          }
        }
      }),
    );
  });
});

describe('labelSelectorMatches()', () => {
  it('holds all of matchLabels and matchExpressions', () => {
    const selector = {
      matchLabels: { a: '1' },
      matchExpressions: [{ key: 'b', operator: 'In', values: ['2'] }],
    };
    assert.equal(labelSelectorMatches(selector, { a: '1', b: '2' }), true);
    assert.equal(labelSelectorMatches(selector, { a: '1' }), false);
    assert.equal(labelSelectorText(selector), 'a=1,b in (2)');
  });

  it('sees no label where an object has only what every object inherits', () => {
    const matchExpressions = [{ key: 'constructor', operator: 'Exists' }];
    assert.equal(labelSelectorMatches({ matchExpressions }, {}), false);
  });

  it('selects everything if empty and nothing if absent', () => {
    assert.equal(labelSelectorMatches({}, undefined), true);
    assert.equal(labelSelectorMatches(undefined, { a: '1' }), false);
  });
});

describe('parseFieldSelector()', () => {
  it('reads =, == and != with escapes', () => {
    const fields: Record<string, string> = { 'metadata.name': 'a,b', 'status.phase': 'Running' };
    const matches = (text: string): boolean =>
      matchesFields(parseFieldSelector(text), (field) => fields[field] ?? '');
    assert.ok(matches('metadata.name=a\\,b,status.phase==Running,spec.nodeName='));
    assert.ok(!matches('status.phase!=Running'));
    assert.throws(() => parseFieldSelector('metadata.name'), /can't understand 'metadata.name'/);
  });
});
