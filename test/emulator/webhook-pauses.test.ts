import { describe, expect, it } from 'vitest';
import { Ledger } from '../../src/emulator/ledger.ts';
import type { PendingUpdate } from '../../src/emulator/pending-update.ts';
import { UpdateQueue } from '../../src/emulator/update-queue.ts';
import { Webhook } from '../../src/emulator/webhook.ts';
import type { WebhookReply } from '../../src/emulator/webhook-poster.ts';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';
import { seededRandom } from '../../src/lib/random.ts';

const HOUR_MS = 3_600_000;

function reply(status: number, retryAfterMs = 0): WebhookReply {
  return {
    status,
    outcome: String(status),
    error: `status ${status}`,
    retryAfterMs,
    contentType: '',
    body: '',
  };
}

/** A webhook whose endpoint answers what `answer` says, on a clock that only the test moves. */
function makeWebhook(answer: () => WebhookReply | Promise<WebhookReply>) {
  const clock = new AdjustableClock({ startWallMs: 1_000_000_000 });
  const ledger = new Ledger(clock, 1_000);
  const queue = new UpdateQueue<PendingUpdate>(1, ({ item }, fate) =>
    ledger.settleUpdate(item.record, fate),
  );
  const triesAtMs: number[] = [];
  const state = { gone: false };
  const webhook = new Webhook({
    settings: {
      url: 'x',
      secretToken: '',
      maxConnections: 5,
      ipAddress: '',
      certificate: undefined,
    },
    shownIpAddress: '127.0.0.1',
    poster: {
      post() {
        triesAtMs.push(clock.monotonicMs());
        return Promise.resolve(answer());
      },
      close: () => undefined,
    },
    queue,
    clock,
    random: seededRandom(1),
    ledger,
    onReply: () => undefined,
    onGone: () => {
      state.gone = true;
    },
  });
  const add = (lane: string, ttlMs = 24 * HOUR_MS): void => {
    const bot = { id: 1, username: 'a_bot' };
    const record = ledger.addUpdate({ bot, updateId: queue.nextId, kind: 'message', chatId: 1 });
    queue.push({ json: '', lane, record }, clock.monotonicMs() + ttlMs);
    webhook.wake();
  };
  const fates = (): string[] => Array.from(ledger.updates.since(0), ({ fate }) => fate);
  return { clock, queue, webhook, triesAtMs, state, add, fates };
}

describe('Webhook', () => {
  it('tries again at once, then after pauses that double up to between one and two minutes', async () => {
    const { clock, add, triesAtMs } = makeWebhook(() => reply(500));
    add('chat 1');
    await clock.advanceAsync(600_000);
    const pausesMs = triesAtMs.slice(1).map((atMs, index) => atMs - (triesAtMs[index] ?? 0));
    expect(pausesMs.slice(0, 6)).toEqual([0, 2_000, 4_000, 8_000, 16_000, 32_000]);
    expect(pausesMs.length).toBeGreaterThan(8);
    for (const pauseMs of pausesMs.slice(6)) {
      expect(pauseMs).toBeGreaterThanOrEqual(60_000);
      expect(pauseMs).toBeLessThanOrEqual(120_000);
    }
  });

  it('obeys Retry-After up to an hour', async () => {
    let retryAfterMs = 90_000;
    const { clock, add, triesAtMs } = makeWebhook(() => reply(429, retryAfterMs));
    add('chat 1');
    await clock.advanceAsync(0);
    retryAfterMs = 10 * HOUR_MS;
    await clock.advanceAsync(90_000 + 2 * HOUR_MS);
    expect(triesAtMs).toEqual([0, 90_000, 90_000 + HOUR_MS, 90_000 + 2 * HOUR_MS]);
  });

  it('gives the endpoint up after 410 for more than 23 hours, with later updates left waiting', async () => {
    const { clock, add, queue, state } = makeWebhook(() => reply(410, HOUR_MS));
    add('chat 1');
    await clock.advanceAsync(22 * HOUR_MS);
    add('chat 1');
    await clock.advanceAsync(HOUR_MS);
    expect(state.gone).toBe(false);
    await clock.advanceAsync(HOUR_MS);
    expect(state.gone).toBe(true);
    expect(queue.size).toBe(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it('starts the 23 hours anew after any other answer', async () => {
    let status = 410;
    const { clock, add, state } = makeWebhook(() => reply(status, HOUR_MS));
    add('chat 1', 100 * HOUR_MS);
    await clock.advanceAsync(20 * HOUR_MS);
    status = 500;
    await clock.advanceAsync(HOUR_MS);
    status = 410;
    await clock.advanceAsync(23 * HOUR_MS);
    expect(state.gone).toBe(false);
    await clock.advanceAsync(3 * HOUR_MS);
    expect(state.gone).toBe(true);
  });

  it('lets an update go that would expire before the next try', async () => {
    const { clock, add, triesAtMs, fates } = makeWebhook(() => reply(500));
    add('chat 1', 10_000);
    await clock.advanceAsync(60_000);
    expect(triesAtMs).toEqual([0, 0, 2_000, 6_000]);
    expect(fates()).toEqual(['expired']);
  });

  it('tries an endpoint on one connection until it has taken something lately', async () => {
    const held: ((answer: WebhookReply) => void)[] = [];
    const { clock, add } = makeWebhook(
      () =>
        new Promise((resolve) => {
          held.push(resolve);
        }),
    );
    for (const lane of ['a', 'b', 'c']) add(lane);
    expect(held).toHaveLength(1);
    held.shift()?.(reply(200));
    await clock.advanceAsync(0);
    expect(held).toHaveLength(2);
  });

  it('sends nothing after it was stopped', async () => {
    const { clock, add, webhook, triesAtMs } = makeWebhook(() => reply(500));
    add('chat 1');
    await clock.advanceAsync(0);
    webhook.stop();
    add('chat 2');
    await clock.advanceAsync(HOUR_MS);
    expect(triesAtMs).toEqual([0, 0]);
    expect(clock.pendingTimers).toBe(0);
  });
});
