import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import { silentLog } from '../../lang/log.ts';
import type { Registry, RegistryEvent, WatchQuery } from '../registry.ts';
import { configMapKind } from '../kinds/core/config-map.ts';
import { createEventFrames } from './event-frames.ts';
import type { Outgoing } from './exchange.ts';
import { createFrameOutbox } from './frame-outbox.ts';
import { createObjectTexts } from './object-texts.ts';
import { type WatchOptions, startWatch } from './watch.ts';

const MINUTE_MS = 60_000;

/** A client that reads nothing while `stalled`. */
const createClient = () => {
  const listeners: Record<string, () => void> = {};
  const client = { lines: [] as string[], state: 'open', stalled: 0 };
  const response: Outgoing = {
    get writableLength() {
      return client.stalled;
    },
    writeHead: () => {},
    flushHeaders: () => {},
    write: (chunk) => {
      client.lines.push(String(chunk));
      return client.stalled === 0;
    },
    end: (chunk) => {
      if (chunk) client.lines.push(String(chunk));
      client.state = 'ended';
    },
    destroy: () => (client.state = 'destroyed'),
    on: (event, listener) => (listeners[event] = listener),
  };
  return { client, response, emit: (event: 'close' | 'drain') => listeners[event]!() };
};

const start = (options: Partial<WatchOptions> = {}, query: WatchQuery = { allowWatchBookmarks: true }) => {
  const clock = createFakeClock();
  const registry = { stops: 0, send: (_event: RegistryEvent): void => {} };
  const answer = startWatch({
    registry: {
      settledRevision: () => '7',
      watch: (_kind, _query, sink) => {
        registry.send = sink.event;
        return { stop: () => registry.stops++ };
      },
    } as Partial<Registry> as Registry,
    presentation: {
      kind: configMapKind,
      form: { as: 'object' },
      encoding: 'json',
      includeObject: 'Metadata',
      nowMs: 0,
    },
    query,
    timeoutSeconds: undefined,
    frames: createEventFrames(createObjectTexts(clock)),
    outbox: createFrameOutbox((send) => send()),
    clock,
    log: silentLog,
    ...options,
  });
  return { ...createClient(), clock, registry, answer };
};

const added = (name: string): RegistryEvent => ({
  type: 'ADDED',
  object: {
    metadata: { name, uid: name, resourceVersion: '1', creationTimestamp: '' },
  } as Stored<KubeObject>,
});

describe('startWatch()', () => {
  it('sends a bookmark each minute, and one before its time is over', async () => {
    const { client, response, clock, registry, answer } = start({ timeoutSeconds: 150 });
    answer.start(response);
    await clock.advance(2 * MINUTE_MS + 1);
    assert.equal(client.lines.length, 2);
    assert.deepEqual(JSON.parse(client.lines[0]!).object.metadata.resourceVersion, '7');
    await clock.advance(30_000);
    assert.deepEqual([client.lines.length, client.state, registry.stops], [3, 'ended', 1]);
    assert.equal(clock.pending(), 0);
  });

  it('sends no bookmarks to those who did not ask for them, and ends by itself within an hour', async () => {
    const { client, response, clock, answer } = start({}, {});
    answer.start(response);
    await clock.advance(29 * MINUTE_MS);
    assert.equal(client.state, 'open');
    await clock.advance(31 * MINUTE_MS);
    assert.deepEqual([client.lines, client.state], [[], 'ended']);
  });

  it('keeps what comes before the client is connected, in order', () => {
    const { client, response, registry, answer } = start();
    registry.send(added('a'));
    answer.start(response);
    registry.send(added('b'));
    const lines = client.lines.join('').trimEnd().split('\n');
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).object.metadata.name),
      ['a', 'b'],
    );
  });

  it('writes the events of a turn in one piece, and all of them before it ends', async () => {
    let endTurn = (): void => {};
    const outbox = createFrameOutbox((send) => (endTurn = send));
    const { client, response, clock, registry, answer } = start({ outbox, timeoutSeconds: 1 });
    answer.start(response);
    for (const name of ['a', 'b']) registry.send(added(name));
    assert.equal(client.lines.length, 0);
    endTurn();
    assert.deepEqual(
      [client.lines.length, client.lines[0]!.match(/"name":"."/g)],
      [1, ['"name":"a"', '"name":"b"']],
    );
    registry.send(added('c'));
    await clock.advance(1000);
    assert.deepEqual([client.lines.length, client.state], [2, 'ended']);
    assert.match(String(client.lines[1]), /"name":"c".*\n.*"BOOKMARK"/);
    endTurn();
    assert.equal(client.lines.length, 2);
  });

  it('stops when the client goes away, be it before the answer', () => {
    const connected = start();
    connected.answer.start(connected.response);
    connected.emit('close');
    connected.registry.send(added('late'));
    assert.deepEqual([connected.registry.stops, connected.client.lines.length], [1, 0]);
    assert.equal(connected.clock.pending(), 0);
    const early = start();
    early.answer.abandon();
    assert.equal(early.registry.stops, 1);
  });

  it('drops a client that reads nothing for a minute, and keeps one that reads slowly', async () => {
    const { client, response, clock, registry, answer, emit } = start();
    answer.start(response);
    client.stalled = 1000;
    emit('drain');
    await clock.advance(MINUTE_MS + 1);
    assert.equal(client.state, 'open');
    await clock.advance(MINUTE_MS);
    assert.deepEqual([client.state, registry.stops], ['destroyed', 1]);
  });

  it('allows the first state any size, and 8 MiB behind after that', () => {
    const { client, response, registry, answer } = start();
    client.stalled = 100 << 20;
    answer.start(response);
    registry.send(added('a'));
    assert.equal(client.state, 'open');
    client.stalled = (108 << 20) + 1;
    registry.send(added('b'));
    assert.equal(client.state, 'destroyed');
  });

  it('an event that cannot be sent ends this watch and not the write that caused it', () => {
    const { client, response, registry, answer } = start({
      frames: {
        frameOf: () => {
          throw new Error('no frame');
        },
      },
    });
    answer.start(response);
    registry.send(added('a'));
    assert.deepEqual([client.state, registry.stops], ['destroyed', 1]);
  });
});
