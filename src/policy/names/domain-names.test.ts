import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import type { FakeClock } from '../../../test/support/fake-clock.ts';
import { silentLog as log } from '../../lang/log.ts';
import { createDomainNames } from './domain-names.ts';
import type { DomainNames } from './domain-names.ts';
import { openNamesFile } from './names-file.ts';
import type { NamesFile } from './names-file.ts';

const START = Date.parse('2026-01-01T00:00:00Z');

describe('createDomainNames()', () => {
  let clock: FakeClock;
  let domains: DomainNames;
  let asked: readonly string[];
  /** What the compiler heard, and the flushes, with seconds since the start. */
  let heard: string[];
  let flush: () => void;
  let start: (file?: NamesFile) => DomainNames;
  const at = (ms: number): string => `${(ms - START) / 1000}s`;

  beforeEach(() => {
    clock = createFakeClock(START);
    asked = ['a.example', '*.example'];
    heard = [];
    flush = () => void heard.push('flush');
    const compiler = {
      domainNames: () => asked,
      resolve: (name: string, address: string, untilMs: number) =>
        void heard.push(`${name} ${address} until ${at(untilMs)}`),
      expire: (nowMs: number) => void heard.push(`expire ${at(nowMs)}`),
    };
    start = (file) => createDomainNames({ compiler, flush: () => flush(), file, clock, log });
    domains = start();
    domains.refresh();
  });
  const learn = (name: string, address: string, ttlSeconds: number): void =>
    domains.learn(name, [{ address, ttlSeconds }]);

  it('watches what rules name, and what lies below a wildcard', () => {
    const watched = ['a.example', 'b.example', 'x.b.example', 'example', 'a.test'].filter(domains.isWatched);
    assert.deepEqual(watched, ['a.example', 'b.example', 'x.b.example']);
  });

  it('has an address in the kernel for every name that it is one of, in one flush', () => {
    domains.learn('a.example', [
      { address: '192.0.2.1', ttlSeconds: 60 },
      { address: 'fd00::1', ttlSeconds: 30 },
    ]);
    assert.deepEqual(heard, [
      'a.example 192.0.2.1 until 63s',
      'a.example fd00::1 until 33s',
      '*.example 192.0.2.1 until 63s',
      '*.example fd00::1 until 33s',
      'flush',
    ]);
  });

  it('takes it out when its time is over, a little before the kernel would', async () => {
    learn('b.example', '192.0.2.1', 60);
    heard.length = 0;
    await clock.advance(61_999);
    assert.deepEqual(heard, []);
    await clock.advance(1);
    assert.deepEqual(heard, ['expire 63s', 'flush']);
    assert.equal(clock.pending(), 0);
  });

  it('does not write what it knows: the same answer out of a cache', async () => {
    learn('b.example', '192.0.2.1', 60);
    await clock.advance(10_400);
    heard.length = 0;
    learn('b.example', '192.0.2.1', 50);
    assert.deepEqual(heard, []);
  });

  it('begins the time anew with a later answer, and never shortens it', async () => {
    learn('b.example', '192.0.2.1', 60);
    learn('b.example', '192.0.2.1', 5);
    await clock.advance(30_000);
    learn('b.example', '192.0.2.1', 60);
    assert.deepEqual(heard, [
      '*.example 192.0.2.1 until 63s',
      'flush',
      '*.example 192.0.2.1 until 93s',
      'flush',
    ]);
    heard.length = 0;
    await clock.advance(61_999);
    assert.deepEqual(heard, ['expire 63s', 'flush']);
    await clock.advance(1);
    assert.deepEqual(heard, ['expire 63s', 'flush', 'expire 93s', 'flush']);
  });

  it('gives an answer that may not be kept the time for a connection', () => {
    learn('b.example', '192.0.2.1', 0);
    assert.deepEqual(heard, ['*.example 192.0.2.1 until 3s', 'flush']);
  });

  it('ends many that end one after the other in few steps', async () => {
    for (let i = 0; i < 50; i++) {
      learn('b.example', `192.0.2.${i}`, 10);
      await clock.advance(2);
    }
    heard.length = 0;
    await clock.advance(20_000);
    assert.deepEqual(heard, ['expire 13s', 'flush', 'expire 13.25s', 'flush']);
  });

  it('remembers for connections that live what is over, as long as a rule has the name', async () => {
    learn('a.example', '192.0.2.1', 5);
    await clock.advance(60_000);
    assert.deepEqual(
      domains.told(),
      new Map([
        ['a.example', new Set(['192.0.2.1'])],
        ['*.example', new Set(['192.0.2.1'])],
      ]),
    );
    asked = ['a.example'];
    domains.refresh();
    assert.deepEqual([...domains.told().keys()], ['a.example']);
  });

  it('tells when rules have other names, and only then', () => {
    let changes = 0;
    const end = domains.subscribe(() => changes++);
    domains.refresh();
    asked = ['*.example', 'a.example'];
    domains.refresh();
    assert.equal(changes, 0);
    asked = ['*.example', 'c.example'];
    domains.refresh();
    assert.equal(changes, 1);
    assert.equal(domains.isWatched('a.b'), false);
    end();
    asked = [];
    domains.refresh();
    assert.equal(changes, 1);
  });

  it('learns a name anew that rules had, lost and have again', () => {
    learn('b.example', '192.0.2.1', 60);
    asked = [];
    domains.refresh();
    asked = ['*.example'];
    domains.refresh();
    heard.length = 0;
    learn('b.example', '192.0.2.1', 60);
    assert.deepEqual(heard, ['*.example 192.0.2.1 until 63s', 'flush']);
  });

  it('lets the answer leave when the kernel refuses', () => {
    flush = () => {
      throw new Error('no room');
    };
    assert.doesNotThrow(() => learn('b.example', '192.0.2.1', 60));
  });

  describe('with a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'podnet-test-'));
    const path = join(folder, 'names.json');
    after(() => rmSync(folder, { recursive: true }));

    it('another one goes on with what is left of the times, and knows what is over', async () => {
      domains = start(openNamesFile({ path, clock, log }));
      domains.refresh();
      learn('a.example', '192.0.2.1', 5);
      learn('b.example', '192.0.2.2', 60);
      await clock.advance(10_000);
      heard.length = 0;
      const next = start(openNamesFile({ path, clock, log }));
      next.restore();
      assert.deepEqual(heard, ['*.example 192.0.2.2 until 63s']);
      assert.deepEqual([...next.told().get('*.example')!], ['192.0.2.1', '192.0.2.2']);
      heard.length = 0;
      next.refresh();
      await clock.advance(52_000);
      assert.ok(heard.includes('expire 63s'));
    });

    it('a file that cannot be read is none', () => {
      writeFileSync(path, '{"a":');
      const next = start(openNamesFile({ path, clock, log }));
      assert.doesNotThrow(next.restore);
      assert.equal(next.told().size, 0);
    });
  });

  it('remembers no more than so many addresses of a name, the last ones', () => {
    for (let i = 0; i <= 10_000; i++) learn('b.example', `10.0.${i >> 8}.${i & 255}`, 60);
    const told = domains.told().get('*.example')!;
    assert.equal(told.size, 10_000);
    assert.ok(!told.has('10.0.0.0') && told.has('10.0.39.16'));
  });
});
