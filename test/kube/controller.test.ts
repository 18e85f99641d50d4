import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { KubeApiError } from '../../src/kube/api-error.ts';
import { Controller, type Reconcile } from '../../src/kube/controller.ts';
import { controllerMetrics } from '../../src/kube/controller-metrics.ts';
import { RetryLimiter } from '../../src/kube/rate-limiter.ts';
import { WorkQueue } from '../../src/kube/work-queue.ts';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';
import { createLog } from '../../src/telemetry/log.ts';

const TOKEN = '123456789:AAFakeFakeFakeFakeFakeFakeFakeFakeFa';

function createWorld(reconcile: Reconcile, options: { readonly concurrency?: number } = {}) {
  const clock = new AdjustableClock();
  const lines: string[] = [];
  const log = createLog({
    level: 'debug',
    format: 'json',
    destination: { write: (line) => lines.push(line) },
  });
  const registry = new Registry();
  const backoff = { initialMs: 100, maxMs: 10_000 };
  const limiter = new RetryLimiter({ clock, random: () => 1, backoff });
  const queue = new WorkQueue({ clock, limiter });
  const controller = new Controller({
    name: 'bots',
    reconcile,
    queue,
    log,
    clock,
    timeoutMs: 5000,
    metrics: controllerMetrics(registry)('bots'),
    ...options,
  });
  const stop = new AbortController();
  return { clock, lines, registry, queue, controller, stop };
}

/** Ends when its signal aborts, with that signal's reason. */
function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });
}

describe('Controller', () => {
  it('works on as many keys at once as it was told, and never on one twice', async () => {
    const running: string[] = [];
    let most = 0;
    const world = createWorld(
      async (key) => {
        expect(running).not.toContain(key);
        running.push(key);
        most = Math.max(most, running.length);
        await new Promise<void>((resolve) => void world.clock.setTimer(10, resolve));
        running.splice(running.indexOf(key), 1);
        return undefined;
      },
      { concurrency: 3 },
    );
    const working = world.controller.start(world.stop.signal);
    for (let round = 0; round < 5; round++) {
      for (const key of ['a', 'b', 'c', 'd', 'e']) world.queue.add(key);
      await world.clock.advanceAsync(5);
    }
    await world.clock.advanceAsync(100);
    world.queue.shutDown();
    await working;
    expect([most, running]).toEqual([3, []]);
  });

  it('tries what has failed again, at growing intervals, and forgets that once it works', async () => {
    const callsMs: number[] = [];
    const world = createWorld((key) => {
      callsMs.push(world.clock.monotonicMs());
      return callsMs.length <= 3
        ? Promise.reject(new Error(`${key} has the token ${TOKEN}`))
        : Promise.resolve(undefined);
    });
    void world.controller.start(world.stop.signal);
    world.queue.add('shop/bot');
    await world.clock.advanceAsync(5000);
    expect(callsMs).toEqual([0, 100, 300, 700]);
    expect(world.queue.retries('shop/bot')).toBe(0);
    const first: unknown = JSON.parse(world.lines[0] ?? '');
    expect(first).toMatchObject({
      controller: 'bots',
      key: 'shop/bot',
      error: 'shop/bot has the token [secret]',
      retries: 1,
      retryInMs: 100,
      msg: 'reconcile failed',
    });
    expect(world.lines).toHaveLength(3);
    expect(world.lines.join('')).not.toContain(TOKEN);
    world.stop.abort();
  });

  it('makes less noise about a conflict', async () => {
    let calls = 0;
    const world = createWorld(() => {
      const conflict = new KubeApiError('written meanwhile', { status: 409, reason: 'Conflict' });
      return calls++ === 0 ? Promise.reject(conflict) : Promise.resolve(undefined);
    });
    void world.controller.start(world.stop.signal);
    world.queue.add('a');
    await world.clock.advanceAsync(1000);
    expect(calls).toBe(2);
    expect(JSON.parse(world.lines[0] ?? '')).toMatchObject({ level: 20 });
    world.stop.abort();
  });

  it('sees a key again when its reconciler asked for that, behind what is urgent', async () => {
    const keys: string[] = [];
    const world = createWorld(async (key) => {
      keys.push(key);
      await new Promise<void>((resolve) => void world.clock.setTimer(10, resolve));
      return key === 'periodic' ? { requeueAfterMs: 50 } : undefined;
    });
    void world.controller.start(world.stop.signal);
    world.queue.add('periodic');
    await world.clock.advanceAsync(55);
    world.queue.add('first');
    await world.clock.advanceAsync(6);
    world.queue.add('second');
    await world.clock.advanceAsync(100);
    expect(keys.slice(0, 4)).toEqual(['periodic', 'first', 'second', 'periodic']);
    world.stop.abort();
  });

  it('aborts work that takes too long, and tells of it meanwhile', async () => {
    let calls = 0;
    const world = createWorld((_key, signal) =>
      calls++ === 0 ? untilAborted(signal) : Promise.resolve(undefined),
    );
    void world.controller.start(world.stop.signal);
    world.queue.add('slow');
    await world.clock.advanceAsync(4000);
    expect([world.controller.stuckFor(3000), world.controller.stuckFor(4000)]).toEqual([
      ['slow'],
      [],
    ]);
    await world.clock.advanceAsync(2000);
    expect([calls, world.controller.stuckFor(0)]).toEqual([2, []]);
    expect(world.lines[0]).toContain('bots: the work on slow was not done within 5000 ms');
    world.stop.abort();
  });

  it('resolves after a stop when the work that it cut short has ended, and loses none', async () => {
    let ended = false;
    const world = createWorld(async (key, signal) => {
      if (key === 'again') return undefined;
      await untilAborted(signal).catch(() => undefined);
      await new Promise<void>((resolve) => void world.clock.setTimer(10, resolve));
      ended = true;
      throw signal.reason;
    });
    let resolved = false;
    const working = (async () => {
      await world.controller.start(world.stop.signal);
      resolved = true;
    })();
    world.queue.add('cut-short', { priority: 'routine' });
    world.queue.add('waiting');
    await world.clock.advanceAsync(1);
    world.stop.abort(new Error('told to stop'));
    await world.clock.advanceAsync(1);
    expect([ended, resolved]).toEqual([false, false]);
    await world.clock.advanceAsync(10);
    await working;
    expect([ended, world.queue.size, world.lines]).toEqual([true, 2, []]);
    expect((await world.queue.get())?.key).toBe('waiting');
    expect(await world.queue.get()).toEqual({ key: 'cut-short', priority: 'routine' });
  });

  it('can be started again', async () => {
    const keys: string[] = [];
    const world = createWorld((key) => {
      keys.push(key);
      return Promise.resolve(undefined);
    });
    await world.controller.start(AbortSignal.abort(new Error('stopped')));
    world.queue.add('a');
    await world.clock.advanceAsync(1);
    expect(keys).toEqual([]);
    void world.controller.start(world.stop.signal);
    await world.clock.advanceAsync(1);
    expect(keys).toEqual(['a']);
    world.stop.abort();
  });

  it("counts under controller-runtime's names", async () => {
    const world = createWorld(
      async (key, signal) => {
        if (key === 'hangs') return await untilAborted(signal);
        if (key === 'fails') throw new Error('no');
        return key === 'again' ? { requeueAfterMs: 60_000 } : undefined;
      },
      { concurrency: 2 },
    );
    void world.controller.start(world.stop.signal);
    for (const key of ['works', 'hangs', 'again', 'fails']) world.queue.add(key);
    await world.clock.advanceAsync(50);
    const text = await world.registry.metrics();
    for (const line of [
      'controller_runtime_reconcile_total{controller="bots",result="success"} 1',
      'controller_runtime_reconcile_total{controller="bots",result="error"} 1',
      'controller_runtime_reconcile_total{controller="bots",result="requeue_after"} 1',
      'controller_runtime_reconcile_errors_total{controller="bots"} 1',
      'controller_runtime_reconcile_time_seconds_count{controller="bots"} 3',
      'controller_runtime_max_concurrent_reconciles{controller="bots"} 2',
      'controller_runtime_active_workers{controller="bots"} 1',
    ]) {
      expect(text).toContain(`${line}\n`);
    }
    world.stop.abort();
  });
});
