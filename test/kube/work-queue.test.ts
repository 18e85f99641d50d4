import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { queueMetrics } from '../../src/kube/queue-metrics.ts';
import { RetryLimiter } from '../../src/kube/rate-limiter.ts';
import { WorkQueue } from '../../src/kube/work-queue.ts';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';

function createQueue() {
  const clock = new AdjustableClock();
  const registry = new Registry();
  const limiter = new RetryLimiter({
    clock,
    random: () => 1,
    backoff: { initialMs: 100, maxMs: 1000 },
    rate: { perSecond: 1, burst: 5 },
  });
  const queue = new WorkQueue({ clock, limiter, metrics: queueMetrics(registry)('bots') });
  return { clock, registry, queue };
}

/** The keys that can be had at once, each done as soon as it was taken. */
async function takeAll(queue: WorkQueue): Promise<string[]> {
  const keys: string[] = [];
  const stop = new AbortController();
  const taking = (async () => {
    for (let item = await queue.get(stop.signal); item; item = await queue.get(stop.signal)) {
      keys.push(item.key);
      queue.done(item.key);
    }
  })();
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  stop.abort(new Error('enough'));
  await taking.catch(() => undefined);
  return keys;
}

describe('WorkQueue', () => {
  it('hands a key out once, however often it was added', async () => {
    const { queue } = createQueue();
    for (const key of ['a', 'b', 'a', 'b', 'a']) queue.add(key);
    expect(await takeAll(queue)).toEqual(['a', 'b']);
  });

  it('lets a second add lift a key that waits, but not lower it', async () => {
    const { queue } = createQueue();
    queue.add('x', { priority: 'routine' });
    queue.add('a', { priority: 'routine' });
    queue.add('b');
    queue.add('a', { priority: 'transition' });
    queue.add('b', { priority: 'routine' });
    expect(await takeAll(queue)).toEqual(['b', 'a', 'x']);
  });

  it('hands a key that was added while it was worked on out again, after that', async () => {
    const { queue } = createQueue();
    queue.add('a');
    await queue.get();
    queue.add('a');
    expect(await takeAll(queue)).toEqual([]);
    queue.done('a');
    expect(await takeAll(queue)).toEqual(['a']);
  });

  it('holds one timer for all delays', async () => {
    const { queue, clock } = createQueue();
    for (let index = 0; index < 100; index++) {
      queue.add(`key-${index}`, { afterMs: 1000 - index });
    }
    expect(clock.pendingTimers).toBe(1);
    clock.advance(1000);
    expect([await takeAll(queue), clock.pendingTimers]).toEqual([
      Array.from({ length: 100 }, (_, index) => `key-${99 - index}`),
      0,
    ]);
  });

  it('waits longer with each failure of a key, until it is forgotten', () => {
    const { queue } = createQueue();
    const delays = Array.from({ length: 5 }, () => queue.addRateLimited('a'));
    expect([delays, queue.retries('a')]).toEqual([[100, 200, 400, 800, 1000], 5]);
    queue.forget('a');
    expect(queue.retries('a')).toBe(0);
  });

  it('spreads the failures of many keys over time', () => {
    const { queue } = createQueue();
    const delays = Array.from({ length: 8 }, (_, index) => queue.addRateLimited(`key-${index}`));
    expect(delays).toEqual([100, 100, 100, 100, 100, 1000, 2000, 3000]);
  });

  it('lets go of a worker whose signal aborts, and gives the key to the next', async () => {
    const { queue } = createQueue();
    const stop = new AbortController();
    const first = queue.get(stop.signal);
    const second = queue.get();
    stop.abort(new Error('going home'));
    await expect(first).rejects.toThrow('going home');
    await expect(queue.get(stop.signal)).rejects.toThrow('going home');
    queue.add('a');
    expect(await second).toEqual({ key: 'a', priority: 'transition' });
  });

  it('hands out what is due after it was shut down, and no more', async () => {
    const { queue, clock } = createQueue();
    queue.add('worked-on');
    await queue.get();
    queue.add('worked-on');
    queue.add('due');
    queue.add('later', { afterMs: 10 });
    queue.shutDown();
    queue.add('too-late');
    clock.advance(100);
    expect((await queue.get())?.key).toBe('due');
    queue.done('worked-on');
    expect((await queue.get())?.key).toBe('worked-on');
    expect([await queue.get(), queue.size, clock.pendingTimers]).toEqual([undefined, 0, 0]);
  });

  it('tells workers that wait that it was shut down', async () => {
    const { queue } = createQueue();
    const waiting = queue.get();
    queue.shutDown();
    expect(await waiting).toBeUndefined();
  });

  it("counts under client-go's names", async () => {
    const { queue, clock, registry } = createQueue();
    queue.add('a');
    queue.add('b', { priority: 'routine' });
    queue.addRateLimited('c');
    clock.advance(2000);
    await queue.get();
    clock.advance(3000);
    const text = await registry.metrics();
    for (const line of [
      'workqueue_depth{name="bots",priority="transition"} 1',
      'workqueue_depth{name="bots",priority="routine"} 1',
      'workqueue_adds_total{name="bots"} 3',
      'workqueue_retries_total{name="bots"} 1',
      'workqueue_queue_duration_seconds_sum{name="bots"} 2',
      'workqueue_unfinished_work_seconds{name="bots"} 3',
      'workqueue_longest_running_processor_seconds{name="bots"} 3',
    ]) {
      expect(text).toContain(`${line}\n`);
    }
    queue.done('a');
    expect(await registry.metrics()).toContain(
      'workqueue_work_duration_seconds_sum{name="bots"} 3\n',
    );
  });
});
