import { Writable } from 'node:stream';
import { Api, Context } from 'grammy';
import type { UserFromGetMe } from 'grammy/types';
import { describe, expect, test } from 'vitest';
import type { OwnershipStatus } from '../../../src/api/ownership.ts';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { seededRandom } from '../../../src/lib/random.ts';
import { FactsRecorder } from '../../../src/runtime/bot/facts-recorder.ts';
import { Ownership } from '../../../src/runtime/bot/ownership.ts';
import { Sweep } from '../../../src/runtime/sweep.ts';
import { createLog } from '../../../src/telemetry/log.ts';
import { runtimeFacts } from '../../api/bot-facts-builder.ts';

const MINUTE_MS = 60_000;

/** A clock whose wall time can be set by hand, as an administrator or NTP does. */
class SteppingClock extends AdjustableClock {
  steppedMs = 0;

  override wallMs(): number {
    return super.wallMs() + this.steppedMs;
  }
}

/** A proof of ownership that is asked for, and users who try. */
function asked(known?: OwnershipStatus) {
  const clock = new SteppingClock({ startWallMs: 1_767_225_600_000 });
  const { runtime } = runtimeFacts(known ? { ownership: known } : {});
  const recorder = new FactsRecorder(clock, runtime ?? expect.fail('no facts'), () => undefined);
  const api = new Api('42:nothing-that-would-work');
  const said: unknown[] = [];
  api.config.use(async (_prev, _method, payload) => {
    said.push((payload as { readonly text?: unknown }).text);
    return { ok: true, result: true as never };
  });
  const ownership = new Ownership({
    clock,
    sweep: new Sweep(clock, seededRandom(1)),
    log: createLog({ level: 'error', format: 'json', destination: new Writable() }),
    recorder,
    username: 'greeter_bot',
    onVerified: () => undefined,
  });
  ownership.require(true);
  const say = (text: string, userId = 7): Promise<string> => {
    const from = { id: userId, is_bot: false, first_name: 'Ann' };
    const chat = { id: userId, type: 'private' as const, first_name: 'Ann' };
    const message = { message_id: 1, date: 0, chat, from, text };
    return ownership.handle(new Context({ update_id: 1, message }, api, {} as UserFromGetMe));
  };
  return {
    clock,
    said,
    say,
    ownership,
    recorder,
    code: () => recorder.facts.ownership?.code ?? '',
  };
}

describe('the code in the status', () => {
  test('is always good, and the one before is not', async () => {
    const bot = asked();
    for (let minute = 0; minute < 120; minute++) {
      const { code = '', expiresAt = '' } = bot.recorder.facts.ownership ?? {};
      expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{8}$/);
      expect(Date.parse(expiresAt)).toBeGreaterThan(bot.clock.wallMs());
      bot.clock.advance(MINUTE_MS);
    }
    const before = bot.code();
    bot.clock.advance(30 * MINUTE_MS);
    expect(bot.code()).not.toBe(before);
    await bot.say(before);
    expect(bot.ownership.pending).toBe(true);
    await bot.say(bot.code());
    expect(bot.ownership.pending).toBe(false);
    expect(bot.clock.pendingTimers).toBe(0);
  });

  test('is worth nothing after its end, though a clock that stepped ahead brought it', async () => {
    const bot = asked();
    bot.clock.steppedMs = 31 * MINUTE_MS;
    await bot.say(bot.code());
    expect(bot.ownership.pending).toBe(true);
  });

  test('lives no longer because a clock steps back', async () => {
    const bot = asked();
    const first = bot.code();
    bot.clock.steppedMs = -60 * MINUTE_MS;
    bot.clock.advance(30 * MINUTE_MS);
    expect(bot.code()).not.toBe(first);
  });

  test('is replaced where the one that was kept is over, or ends too late to be ours', () => {
    const code = 'ABCDEFGH';
    expect(asked({ code, expiresAt: '2026-01-01T00:20:00Z' }).code()).toBe(code);
    expect(asked({ code, expiresAt: '2025-12-31T23:59:59Z' }).code()).not.toBe(code);
    expect(asked({ code, expiresAt: '2026-01-01T09:00:00Z' }).code()).not.toBe(code);
    expect(asked({ code, expiresAt: 'soon' }).code()).not.toBe(code);
  });

  test('is replaced after a hundred guesses of many, and nobody may guess for a minute', async () => {
    const bot = asked();
    const first = bot.code();
    for (let user = 1; user <= 40; user++) {
      for (let n = 0; n < 5; n++) await bot.say(`0000000${n}`, user);
    }
    expect(bot.said).toHaveLength(100);
    expect(bot.code()).not.toBe(first);
    expect(await bot.say(bot.code(), 1_000)).toBe('unmatched');
    bot.clock.advance(MINUTE_MS);
    expect(await bot.say(bot.code(), 1_000)).toBe('handled');
    expect(bot.ownership.pending).toBe(false);
  });

  test('may be tried again a quarter of an hour after too many mistakes', async () => {
    const bot = asked();
    for (let n = 0; n < 7; n++) await bot.say(`0000000${n}`);
    expect(bot.said).toHaveLength(5);
    expect(await bot.say(bot.code())).toBe('unmatched');
    bot.clock.advance(15 * MINUTE_MS);
    expect(await bot.say(bot.code())).toBe('handled');
  });

  test.each(['', 'hello', '/start', '/start now', 'ABCDEFGHJ', '/stop ABCDEFGH'])(
    'is not what %j can be, so that it counts as no try',
    async (text) => {
      const bot = asked();
      for (let n = 0; n < 10; n++) expect(await bot.say(text)).toBe('unmatched');
      expect(await bot.say(bot.code())).toBe('handled');
    },
  );
});
