import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { equalJson } from '../../lang/json.ts';
import type { JsonObject } from '../../lang/json.ts';
import { applyConfig, forceConfig } from './apply.ts';
import type { Application } from './apply.ts';
import { problemsOf, problemsText } from './check.ts';
import { compare, isSame } from './compare.ts';
import { conflictMessage } from './conflicts.ts';
import { pathText } from './field-path.ts';
import { EMPTY, pathsOf } from './field-set.ts';
import { fieldSetOf } from './field-set-of.ts';
import { DEDUCED } from './field-type.ts';
import type { FieldType, ListType, StructType } from './field-type.ts';
import type { Entry } from './managers.ts';
import { merge } from './merge.ts';
import { removeFields } from './remove.ts';
import { ownAfterUpdate } from './update.ts';

const SCALAR: FieldType = { kind: 'scalar', accepts: 'any' };
const struct = (fields: Readonly<Record<string, FieldType>>, isAtomic = false): StructType => ({
  kind: 'struct',
  isAtomic,
  fields: new Map(Object.entries(fields).map(([name, type]) => [name, { type, whenEmpty: 'nothing' }])),
  others: undefined,
});
const list = (merges: ListType['merges'], items: FieldType, keys: ListType['keys'] = []): ListType => ({
  kind: 'list',
  merges,
  keys,
  items,
});
const item = struct({
  name: SCALAR,
  port: SCALAR,
  image: SCALAR,
  env: { kind: 'map', isAtomic: false, values: SCALAR },
});
const TYPE = struct({
  replicas: SCALAR,
  strategy: struct({ type: SCALAR, max: SCALAR }),
  selector: struct({ app: SCALAR }, true),
  labels: { kind: 'map', isAtomic: false, values: SCALAR },
  items: list('by keys', item, [
    { name: 'name', byDefault: undefined },
    { name: 'port', byDefault: 80 },
  ]),
  finalizers: list('as a set', SCALAR),
  args: list('as a whole', SCALAR),
  raw: DEDUCED,
});

const name = fc.constantFrom('a', 'b', 'c');
const value = fc.constantFrom(1, 2, 'x');
const labels = fc.dictionary(name, value, { minKeys: 1, maxKeys: 3 });
const unique = <T>(each: fc.Arbitrary<T>, selector: (one: T) => unknown) =>
  fc.uniqueArray(each, { selector, minLength: 1, maxLength: 3 });
const config: fc.Arbitrary<JsonObject> = fc
  .record(
    {
      replicas: value,
      strategy: fc.record({ type: value, max: value }, { requiredKeys: ['type'] }),
      selector: fc.record({ app: value }),
      labels,
      items: unique(
        fc.record({ name, image: value, env: labels }, { requiredKeys: ['name'] }),
        ({ name: each }) => each,
      ),
      finalizers: unique(value, String),
      args: fc.array(value, { minLength: 1, maxLength: 2 }),
      raw: fc.record({ deep: labels }),
    },
    { requiredKeys: [] },
  )
  .map((each) => structuredClone(each));

const writer = (manager: string) => ({
  manager,
  apiVersion: 'v1',
  subresource: undefined,
  time: '2026-01-01T00:00:00Z',
});
const application = (
  manager: string,
  live: JsonObject,
  applied: JsonObject,
  entries: readonly Entry[] = [],
): Application => ({ type: TYPE, live, config: applied, entries, writer: writer(manager), ignored: EMPTY });
const updated = (manager: string, live: JsonObject, after: JsonObject, entries: readonly Entry[] = []) =>
  ownAfterUpdate({ type: TYPE, live, after, entries, writer: writer(manager), ignored: EMPTY });

/** `manager/Operation: paths` of each entry. */
const text = (entries: readonly Entry[]): readonly string[] =>
  entries.map(
    ({ manager, operation, fieldsV1 }) =>
      `${manager}/${operation}: ${pathsOf(fieldsV1).map(pathText).join(' ')}`,
  );
const applied = (...args: Parameters<typeof application>) => {
  const outcome = applyConfig(application(...args));
  assert.ok(outcome.ok, outcome.ok ? '' : conflictMessage(outcome.conflicts));
  return outcome;
};
const conflictOf = (...args: Parameters<typeof application>): string => {
  const outcome = applyConfig(application(...args));
  return outcome.ok ? '' : conflictMessage(outcome.conflicts);
};

describe('applyConfig()', () => {
  it('owns what it names: fields by their leaves, items and members themselves', () => {
    const { entries } = applied(
      'me',
      {},
      {
        replicas: 1,
        selector: { app: 'x' },
        labels: { a: 'b' },
        items: [{ name: 'a', image: 'x' }],
        finalizers: ['f'],
        strategy: {},
      },
    );
    assert.deepEqual(text(entries), [
      'me/Apply: .finalizers[="f"] .items[name="a",port=80] .items[name="a",port=80].image .items[name="a",port=80].name .labels.a .replicas .selector .strategy',
    ]);
  });

  it('refuses to change what another manager owns, and takes it by force', () => {
    const live = { replicas: 1, labels: { a: 'b' } };
    const entries = updated('scaler', {}, live);
    assert.equal(
      conflictOf('me', live, { replicas: 2 }, entries),
      'Apply failed with 1 conflict: conflict with "scaler" using v1: .replicas',
    );
    assert.equal(
      conflictOf('me', live, { replicas: 2, labels: { a: 'c' } }, entries),
      'Apply failed with 2 conflicts: conflicts with "scaler" using v1:\n- .labels.a\n- .replicas',
    );
    const forced = forceConfig(application('me', live, { replicas: 2 }, entries));
    assert.deepEqual(forced.object, { replicas: 2, labels: { a: 'b' } });
    assert.deepEqual(text(forced.entries), ['me/Apply: .replicas', 'scaler/Update: .labels .labels.a']);
  });

  it('shares what it names with the same value', () => {
    const live = { replicas: 1 };
    const { entries } = applied('me', live, live, updated('scaler', {}, live));
    assert.deepEqual(text(entries), ['me/Apply: .replicas', 'scaler/Update: .replicas']);
  });

  it('removes what it no longer names, unless someone else owns it', () => {
    const first = applied('me', {}, { replicas: 1, labels: { a: 'x', b: 'y' }, strategy: { type: 'x' } });
    const second = applied('you', first.object, { labels: { b: 'y' } }, first.entries);
    const third = applied('me', second.object, {}, second.entries);
    assert.deepEqual(third.object, { labels: { b: 'y' } });
    assert.deepEqual(text(third.entries), ['you/Apply: .labels.b']);
  });

  it('removes what it held with the defaults in it, unless someone claims one', () => {
    const config1 = { strategy: { type: 'x' }, items: [{ name: 'a' }, { name: 'b' }] };
    const first = applied('me', {}, config1);
    const defaulted = {
      strategy: { type: 'x', max: 1 },
      items: [
        { name: 'a', image: 'default' },
        { name: 'b', image: 'default' },
      ],
    };
    const rest = { items: [{ name: 'b' }] };
    assert.deepEqual(applied('me', defaulted, rest, first.entries).object, {
      items: [{ name: 'b', image: 'default' }],
    });
    const claimed = applied('you', defaulted, { strategy: { max: 1 } }, first.entries);
    assert.deepEqual(applied('me', claimed.object, rest, claimed.entries).object, {
      strategy: { max: 1 },
      items: [{ name: 'b', image: 'default' }],
    });
  });

  it('merges lists in the order of the configuration, others before what follows them', () => {
    const named = (...names: readonly string[]) => ({ items: names.map((each) => ({ name: each })) });
    const order = (live: JsonObject, over: JsonObject) =>
      (merge(TYPE, live, over) as ReturnType<typeof named>).items.map((each) => each.name).join('');
    assert.equal(order(named('a', 'b', 'c'), named('c', 'a')), 'bca');
    assert.equal(order(named('a', 'b'), named('x', 'a')), 'xab');
    assert.equal(order(named('b', 'a'), named('x', 'a')), 'bxa');
    assert.equal(order(named('a', 'b'), named('a', 'x')), 'abx');
  });

  it('gives the configuration back from an empty object, and changes nothing the second time', () => {
    fc.assert(
      fc.property(config, config, (live, wanted) => {
        assert.deepEqual(applied('me', {}, wanted).object, wanted);
        const first = forceConfig(application('me', live, wanted, updated('other', {}, live)));
        const second = applied('me', first.object, wanted, first.entries);
        assert.ok(equalJson(second.object, first.object));
        assert.deepEqual(second.entries, first.entries);
      }),
    );
  });

  it('leaves what was there before when it applies nothing any more', () => {
    fc.assert(
      fc.property(config, config, (live, wanted) => {
        const [before, entries] = [merge(TYPE, live, {}), updated('other', {}, live)];
        const shared = merge(TYPE, wanted, live); // where both name a field, with the live value
        const first = applyConfig(application('me', before, shared, entries));
        if (!first.ok) return assert.fail(conflictMessage(first.conflicts));
        const second = applied('me', first.object, {}, first.entries);
        assert.ok(isSame(compare(TYPE, before, second.object)), JSON.stringify([before, second.object]));
      }),
    );
  });

  it('never lets two managers disagree about a field without a conflict', () => {
    fc.assert(
      fc.property(config, config, (mine, yours) => {
        const first = applied('me', {}, mine);
        const outcome = applyConfig(application('you', first.object, yours, first.entries));
        const isContested = !isSame(compare(TYPE, first.object, merge(TYPE, first.object, yours)));
        if (!outcome.ok) assert.ok(isContested);
        else
          for (const entry of outcome.entries) assert.ok(owns(outcome.object, entry), JSON.stringify(entry));
      }),
    );
  });
});

/** Whether everything that an entry owns is there. */
const owns = (object: JsonObject, { fieldsV1 }: Entry): boolean => {
  const left = removeFields(TYPE, object, fieldsV1);
  return pathsOf(fieldsV1).length === 0 || !equalJson(left, object);
};

describe('ownAfterUpdate()', () => {
  it('gives a field to who changed it last', () => {
    const first = updated('a', {}, { replicas: 1, labels: { a: 1 } });
    const second = updated('b', { replicas: 1, labels: { a: 1 } }, { replicas: 2, labels: { a: 1 } }, first);
    assert.deepEqual(text(second), ['a/Update: .labels .labels.a', 'b/Update: .replicas']);
    const third = updated('b', { replicas: 2, labels: { a: 1 } }, { replicas: 2 }, second);
    assert.deepEqual(text(third), ['b/Update: .replicas']);
  });

  it('returns the entries as they are when nothing changed', () => {
    fc.assert(
      fc.property(config, (live) => {
        const entries = updated('a', {}, live);
        assert.equal(updated('b', live, structuredClone(live), entries), entries);
      }),
    );
  });

  it('puts the oldest of more than ten updaters together', () => {
    let [live, entries]: [JsonObject, readonly Entry[]] = [{}, []];
    for (let index = 0; index < 14; index++) {
      const after = { labels: { ...(live['labels'] as object), [`l${index}`]: 1 } };
      const time = `2026-01-01T00:00:${String(index).padStart(2, '0')}Z`;
      const by = { ...writer(`m${index}`), time };
      entries = ownAfterUpdate({ type: TYPE, live, after, entries, writer: by, ignored: EMPTY });
      live = after;
    }
    assert.equal(entries.length, 10);
    assert.equal(
      text(entries)[0],
      'ancient-changes/Update: .labels .labels.l0 .labels.l1 .labels.l2 .labels.l3 .labels.l4',
    );
    assert.equal(entries[0]!.time, '2026-01-01T00:00:04Z');
  });
});

describe('compare()', () => {
  it('tells exactly what was added when fields are put on top', () => {
    fc.assert(
      fc.property(config, (after) => {
        const { added, removed, modified } = compare(TYPE, {}, after);
        assert.deepEqual([removed, modified], [EMPTY, EMPTY]);
        assert.deepEqual(compare(TYPE, after, {}).removed, added);
        assert.deepEqual(removeFields(TYPE, after, fieldSetOf(TYPE, after)), {});
      }),
    );
  });
});

describe('problemsOf()', () => {
  it('finds undeclared fields, wrong types and items that cannot be told apart', () => {
    const wrong = {
      replicaz: 1,
      items: [{ name: 'a' }, { name: 'a', port: 80, imagee: 'x' }],
      labels: ['x'],
      finalizers: [null],
      selector: { other: 1 },
      args: 'x',
    };
    assert.equal(
      problemsText(problemsOf(TYPE, wrong)),
      [
        'errors:',
        '  .replicaz: field not declared in schema',
        '  .items: duplicate entries for key [name="a",port=80]',
        '  .items[name="a",port=80].imagee: field not declared in schema',
        '  .labels: expected map, got list',
        "  .finalizers: element 0: associative list without keys has an element that's an explicit null",
        '  .selector.other: field not declared in schema',
        '  .args: expected list, got "x"',
      ].join('\n'),
    );
  });
});
