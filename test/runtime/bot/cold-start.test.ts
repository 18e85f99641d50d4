import type { UserFromGetMe } from 'grammy/types';
import { describe, expect, test } from 'vitest';
import type { Resume } from '../../../src/api/bot-recall.ts';
import type { TokenState } from '../../../src/api/token.ts';
import { ColdStart } from '../../../src/emulator/limits/cold-start.ts';
import { laidOver } from '../../../src/emulator/limits/settings.ts';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { seededRandom } from '../../../src/lib/random.ts';
import type { FactsRecorder } from '../../../src/runtime/bot/facts-recorder.ts';
import { StartQueue } from '../../../src/runtime/bot/start-queue.ts';
import { TokenKeeper } from '../../../src/runtime/bot/token-keeper.ts';
import { CallError } from '../../../src/runtime/telegram/call-error.ts';
import { createLog } from '../../../src/telemetry/log.ts';

const MINUTE_MS = 60_000;
const DEAD = 500;
const LIVING = 100;

/** Bots that start at a Telegram that loads 20 a minute and 600 an hour, with a clock of its own. */
class World {
  readonly clock = new AdjustableClock();
  /** When each bot was let in. */
  readonly startedMs = new Map<string, number>();
  /** Every first call that Telegram took, and whether the token was good. */
  readonly loads: { readonly atMs: number; readonly dead: boolean }[] = [];
  putOff = 0;
  readonly #coldStart = new ColdStart(laidOver({ coldStart: true }).coldStart ?? never());
  readonly #random = seededRandom(7);
  readonly #log = createLog({
    level: 'error',
    format: 'json',
    destination: { write: () => undefined },
  });
  readonly #queue = new StartQueue({ clock: this.clock, log: this.#log }, 16);
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>[] = [];

  /** A bot begins to start; `token` is what its status said before. */
  start(uid: string, { dead = false, token }: { dead?: boolean; token?: TokenState } = {}): void {
    const keeper = new TokenKeeper({
      assignment: { uid, ...(token && { resume: resume(token) }) },
      deps: { clock: this.clock, random: this.#random, startQueue: this.#queue },
      pausedMs: () => 0,
      getMe: () => this.#getMe(uid, dead),
      log: this.#log,
      recorder: { transition: () => undefined } as unknown as FactsRecorder,
      onAnswer: () => undefined,
      onRevoked: () => undefined,
    });
    const started = keeper.identify(this.#stop.signal).then(
      () => void this.startedMs.set(uid, this.clock.monotonicMs()),
      () => undefined,
    );
    this.#ended.push(started);
  }

  async #getMe(uid: string, dead: boolean): Promise<UserFromGetMe> {
    const nowMs = this.clock.monotonicMs();
    const waitMs = this.#coldStart.admit({ token: uid, address: 'here', opens: !dead, nowMs });
    if (waitMs > 0) {
      this.putOff++;
      throw new CallError('rate-limited', 'Too Many Requests', {
        mayHaveHappened: false,
        retryAfterMs: Math.ceil(waitMs / 1_000) * 1_000,
      });
    }
    this.loads.push({ atMs: nowMs, dead });
    if (dead) throw new CallError('unauthorized', 'Unauthorized', { mayHaveHappened: false });
    return { id: 1, username: uid, first_name: uid } as UserFromGetMe;
  }

  deadLoads(fromMs: number, toMs: number): number {
    return this.loads.filter(({ atMs, dead }) => dead && atMs >= fromMs && atMs < toMs).length;
  }

  lastStartMs(): number {
    return Math.max(...this.startedMs.values());
  }

  async end(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#ended);
    expect(this.clock.pendingTimers).toBe(0);
  }
}

function resume(token: TokenState): Resume {
  const counters = { updates: 0, handled: 0, skipped: 0, replies: 0, errors: 0 };
  return { counters, token, bot: { id: 1, username: 'a', name: 'A' } };
}

function never(): never {
  throw new Error('there are figures');
}

describe(`${DEAD} dead tokens and ${LIVING} living, of which Telegram loads 20 a minute`, () => {
  test('after a restart all living are there before anybody asks about the dead', async () => {
    const world = new World();
    for (let n = 0; n < DEAD; n++) world.start(`dead ${n}`, { dead: true, token: 'Revoked' });
    for (let n = 0; n < LIVING; n++) world.start(`living ${n}`, { token: 'Valid' });
    await world.clock.advanceAsync(10 * MINUTE_MS);
    expect(world.startedMs.size).toBe(LIVING);
    // But for those that had begun before the living stood in line.
    expect(world.deadLoads(0, 5 * MINUTE_MS)).toBe(4);
    // 20 at once, then 20 a minute.
    expect(world.lastStartMs()).toBeLessThanOrEqual(5 * MINUTE_MS + 10_000);
    expect(world.putOff).toBeLessThan(LIVING);

    await world.clock.advanceAsync(60 * MINUTE_MS);
    const [fromMs, toMs] = [10 * MINUTE_MS, 70 * MINUTE_MS];
    expect(world.deadLoads(fromMs, toMs)).toBeLessThanOrEqual(2 * 60);
    expect(world.deadLoads(fromMs, toMs)).toBeGreaterThan(60);

    // Whoever comes now finds nearly all of the budget.
    const cameMs = world.clock.monotonicMs();
    for (let n = 0; n < 15; n++) world.start(`late ${n}`);
    await world.clock.advanceAsync(5_000);
    expect(world.startedMs.size).toBe(LIVING + 15);
    expect(world.lastStartMs() - cameMs).toBeLessThanOrEqual(5_000);
    await world.end();
  });

  test('at the very first start each is asked about once, in turn, and the dead then seldom', async () => {
    const world = new World();
    for (let n = 0; n < DEAD + LIVING; n++) world.start(`bot ${n}`, { dead: n % 6 !== 0 });
    await world.clock.advanceAsync(35 * MINUTE_MS);
    expect(world.startedMs.size).toBe(LIVING);
    // 600 first calls at 20 a minute.
    expect(world.lastStartMs()).toBeLessThanOrEqual(31 * MINUTE_MS);
    await world.clock.advanceAsync(30 * MINUTE_MS);
    expect(world.deadLoads(35 * MINUTE_MS, 65 * MINUTE_MS)).toBeLessThanOrEqual(2 * 30);
    await world.end();
  });

  test('tokens that only seemed dead are all back at the pace of the living', async () => {
    const world = new World();
    for (let n = 0; n < LIVING; n++) world.start(`bot ${n}`, { token: 'Revoked' });
    await world.clock.advanceAsync(10 * MINUTE_MS);
    expect(world.startedMs.size).toBe(LIVING);
    expect(world.lastStartMs()).toBeLessThanOrEqual(4 * MINUTE_MS + 10_000);
    await world.end();
  });
});
