import { pino } from 'pino';
import { beforeEach, describe, expect, test } from 'vitest';
import { KubeApiError } from '../../src/kube/api-error.ts';
import { Cache } from '../../src/kube/cache.ts';
import { Reflector } from '../../src/kube/reflector.ts';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';
import { environmentError } from '../../src/lib/errors.ts';
import { seededRandom } from '../../src/lib/random.ts';
import { type Call, gone, ModelServer, THINGS, type Thing } from './reflector-model.ts';

const MINUTE_MS = 60_000;
const cut = environmentError('KUBE_UNREACHABLE', 'the connection was cut');

let clock: AdjustableClock;
let server: ModelServer;
let cache: Cache<Thing>;
let reflector: Reflector<Thing>;

beforeEach(() => {
  clock = new AdjustableClock();
  server = new ModelServer(clock);
  const log = pino({ level: 'silent' });
  cache = new Cache({ log });
  reflector = new Reflector({
    client: server,
    resource: THINGS,
    scope: { namespace: 'here', metadataOnly: true },
    cache,
    clock,
    random: seededRandom(1),
    log,
  });
});

/** Runs the reflector while `check` looks on; afterwards nothing is left of it. */
async function running(check: () => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const stopped = reflector.start(stop.signal);
  try {
    await check();
  } finally {
    stop.abort();
    await stopped;
  }
  expect(clock.pendingTimers).toBe(0);
  expect(server.openWatches).toBe(0);
}

const names = (): string[] => [...cache.list()].map(({ metadata }) => metadata.name);
const verbs = (): string[] => server.calls.map(({ verb }) => verb);
const last = (): Call => server.calls.at(-1) as Call;

test('lists in pages, then watches from the version of the list', async () => {
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) server.put(name, 1);
  await running(async () => {
    await clock.advanceAsync(15);
    expect(cache.synced).toBe(false);
    server.put('h', 1);
    await clock.advanceAsync(15);
    expect(cache.synced).toBe(true);
    expect(names()).toHaveLength(7);
    await clock.advanceAsync(30);
    expect(names()).toContain('h');
  });
  expect(verbs()).toEqual(['list', 'page', 'page', 'watch']);
  expect(server.calls[0]?.options).toMatchObject({ limit: 500, namespace: 'here' });
  expect(last().options).toMatchObject({ namespace: 'here', metadataOnly: true });
  expect(last().options).toMatchObject({ resourceVersion: '107' });
});

test('asks for watches of five to ten minutes, each of another length', async () => {
  await running(async () => {
    await clock.advanceAsync(1000);
    for (let round = 0; round < 20; round++) {
      server.end();
      await clock.advanceAsync(MINUTE_MS);
    }
  });
  const seconds = server.calls.flatMap(({ options }) =>
    'timeoutSeconds' in options ? [options.timeoutSeconds] : [],
  );
  expect(Math.min(...seconds)).toBeGreaterThanOrEqual(300);
  expect(Math.max(...seconds)).toBeLessThanOrEqual(600);
  expect(new Set(seconds).size).toBeGreaterThan(15);
});

describe('after a watch', () => {
  test('that the server ended, goes on at once from the last event', async () => {
    await running(async () => {
      await clock.advanceAsync(100);
      const { metadata } = server.put('a', 1);
      await clock.advanceAsync(100);
      server.end();
      await clock.advanceAsync(1);
      expect(last()).toMatchObject({
        verb: 'watch',
        options: { resourceVersion: metadata.resourceVersion },
      });
    });
    expect(verbs()).toEqual(['list', 'watch', 'watch']);
  });

  test('that brought a bookmark, goes on from there, though what came before is forgotten', async () => {
    await running(async () => {
      await clock.advanceAsync(100);
      // Other resources move the version on too.
      server.put('a', 1);
      server.delete('a');
      server.bookmark();
      await clock.advanceAsync(100);
      server.compact();
      server.break(cut, false);
      await clock.advanceAsync(MINUTE_MS);
    });
    expect(verbs()).toEqual(['list', 'watch', 'watch']);
  });

  test('that was cut, waits up to a second', async () => {
    await running(async () => {
      await clock.advanceAsync(100);
      server.put('a', 1);
      await clock.advanceAsync(100);
      server.break(cut, false);
      await clock.advanceAsync(0);
      const cutMs = clock.monotonicMs();
      server.put('b', 1);
      await clock.advanceAsync(1100);
      expect(last().atMs - cutMs).toBeGreaterThan(0);
      expect(names()).toEqual(['a', 'b']);
    });
    expect(verbs()).toEqual(['list', 'watch', 'watch']);
  });

  test('that fell silent, connects anew', async () => {
    await running(async () => {
      await clock.advanceAsync(100);
      server.silence();
      server.put('a', 1);
      await clock.advanceAsync(179_000);
      expect(names()).toEqual([]);
      await clock.advanceAsync(3000);
      expect(names()).toEqual(['a']);
    });
    expect(verbs()).toEqual(['list', 'watch', 'watch']);
  });

  test('whose version is forgotten, lists anew after a wait', async () => {
    await running(async () => {
      await clock.advanceAsync(100);
      server.put('a', 1);
      await clock.advanceAsync(100);
      server.break(gone(), false);
      server.delete('a');
      server.put('b', 1);
      server.compact();
      await clock.advanceAsync(0);
      expect(verbs()).toEqual(['list', 'watch']);
      await clock.advanceAsync(1200);
      expect(names()).toEqual(['b']);
    });
    expect(verbs()).toEqual(['list', 'watch', 'list', 'watch']);
  });
});

test('a page that has expired starts the list over', async () => {
  for (const name of ['a', 'b', 'c', 'd']) server.put(name, 1);
  await running(async () => {
    await clock.advanceAsync(15);
    server.delete('a');
    server.compact();
    await clock.advanceAsync(MINUTE_MS);
    expect(names()).toEqual(['b', 'c', 'd']);
  });
  expect(verbs()).toEqual(['list', 'page', 'list', 'watch']);
});

test('a server that ends every watch at once is asked at growing distances', async () => {
  await running(async () => {
    for (let elapsedMs = 0; elapsedMs < 10 * MINUTE_MS; elapsedMs += 10) {
      server.end();
      await clock.advanceAsync(10);
    }
  });
  expect(server.calls.length).toBeLessThan(80);
});

test('a server that forgets every version at once is asked at growing distances', async () => {
  await running(async () => {
    for (let elapsedMs = 0; elapsedMs < 10 * MINUTE_MS; elapsedMs += 10) {
      server.break(gone(), false);
      await clock.advanceAsync(10);
    }
  });
  expect(server.calls.length).toBeLessThan(160);
});

test('a watch that brings bookmarks alone lives on', async () => {
  await running(async () => {
    for (let minute = 0; minute < 10; minute++) {
      await clock.advanceAsync(MINUTE_MS);
      server.bookmark();
    }
  });
  expect(verbs()).toEqual(['list', 'watch']);
});

test('a server that refuses everything is asked at growing distances, and then heard', async () => {
  const refusal = new KubeApiError('no', { status: 403, reason: 'Forbidden' });
  server.refusals.push(...Array.from({ length: 10 }, () => refusal));
  await running(async () => {
    await clock.advanceAsync(MINUTE_MS);
    expect(cache.synced).toBe(false);
    await clock.advanceAsync(5 * MINUTE_MS);
    expect(cache.synced).toBe(true);
  });
});

test('a version that the server keeps refusing is cured by a list', async () => {
  await running(async () => {
    await clock.advanceAsync(100);
    const refusal = new KubeApiError('no', { status: 500, reason: 'InternalError' });
    server.refusals.push(...Array.from({ length: 5 }, () => refusal));
    server.break(cut, false);
    await clock.advanceAsync(5 * MINUTE_MS);
  });
  expect(verbs().filter((verb) => verb === 'list')).toHaveLength(2);
  expect(last().verb).toBe('watch');
});

test('a list from before what was seen is not taken, and asked for again', async () => {
  await running(async () => {
    await clock.advanceAsync(100);
    server.put('a', 1);
    server.put('b', 1);
    await clock.advanceAsync(100);
    server.lag(2);
    server.break(gone(), false);
    await clock.advanceAsync(MINUTE_MS);
    expect(names()).toEqual(['a', 'b']);
    expect(last().verb).toBe('list');
    server.lag(0);
    await clock.advanceAsync(MINUTE_MS);
    expect(last().verb).toBe('watch');
  });
});

test('tells for how long the server has been silent', async () => {
  await running(async () => {
    await clock.advanceAsync(100);
    expect(reflector.hasStalledFor(1000)).toBe(false);
    server.silence();
    await clock.advanceAsync(1000);
    expect(reflector.hasStalledFor(1000)).toBe(true);
    server.put('a', 1);
    await clock.advanceAsync(180_000);
    expect(reflector.hasStalledFor(2000)).toBe(false);
  });
});

test('a second start goes on where the first one stopped', async () => {
  server.put('a', 1);
  await running(() => clock.advanceAsync(100));
  server.put('b', 1);
  await running(() => clock.advanceAsync(100));
  expect(names()).toEqual(['a', 'b']);
  expect(verbs()).toEqual(['list', 'watch', 'watch']);
});

test('nobody waits for the first list after a stop', async () => {
  await running(async () => {
    await expect(cache.waitForSync(AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
    const stop = new AbortController();
    const waiting = cache.waitForSync(stop.signal);
    stop.abort(new Error('stop'));
    await expect(waiting).rejects.toThrow('stop');
    const synced = cache.waitForSync(new AbortController().signal);
    await clock.advanceAsync(100);
    await synced;
    expect(cache.synced).toBe(true);
  });
});
