import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ColdStart } from '../../../src/emulator/limits/cold-start.ts';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { testEmulator } from '../support.ts';

const FIGURES = { perMinute: 3, perHour: 5, loadedSeconds: 90, deadTokenSeconds: 2 };

const calls = fc.array(
  fc.record({
    pauseSeconds: fc.integer({ min: 0, max: 200 }),
    token: fc.integer({ min: 0, max: 7 }),
    address: fc.constantFrom('10.0.0.1', '10.0.0.2'),
  }),
  { maxLength: 150 },
);

/** Tokens up to this number open bots; the others open nothing. */
const LIVING = 4;

/** The same rules, as plainly as they can be put: every load and every use is remembered. */
class Oracle {
  readonly #loads: { readonly address: string; readonly atSeconds: number }[] = [];
  readonly #loadedUntil: Record<number, number> = {};

  waitSeconds(token: number, address: string, nowSeconds: number): number {
    if ((this.#loadedUntil[token] ?? 0) > nowSeconds) return 0;
    const isFull = (atSeconds: number): boolean =>
      this.#count(address, atSeconds - 60) >= FIGURES.perMinute ||
      this.#count(address, atSeconds - 3_600) >= FIGURES.perHour;
    let freeAt = nowSeconds;
    while (isFull(freeAt)) freeAt++;
    if (freeAt > nowSeconds) return freeAt - nowSeconds;
    this.#loads.push({ address, atSeconds: nowSeconds });
    if (token >= LIVING) this.#loadedUntil[token] = nowSeconds + FIGURES.deadTokenSeconds;
    return 0;
  }

  use(token: number, nowSeconds: number): void {
    if (token < LIVING) this.#loadedUntil[token] = nowSeconds + FIGURES.loadedSeconds;
  }

  #count(address: string, afterSeconds: number): number {
    return this.#loads.filter((load) => load.address === address && load.atSeconds > afterSeconds)
      .length;
  }
}

describe('ColdStart', () => {
  it('lets pass exactly what the rules let pass, each address by itself', () => {
    fc.assert(
      fc.property(calls, (made) => {
        const coldStart = new ColdStart(FIGURES);
        const oracle = new Oracle();
        let nowSeconds = 0;
        for (const { pauseSeconds, token, address } of made) {
          nowSeconds += pauseSeconds;
          const nowMs = nowSeconds * 1_000;
          const call = { token: String(token), address, opens: token < LIVING, nowMs };
          const waitSeconds = oracle.waitSeconds(token, address, nowSeconds);
          expect(coldStart.admit(call) / 1_000).toBe(waitSeconds);
          if (waitSeconds > 0 || token >= LIVING) continue;
          coldStart.use(String(token), nowMs);
          oracle.use(token, nowSeconds);
        }
      }),
    );
  });
});

describe('the limit of cold starts', () => {
  it('lets 20 bots start in a minute, keeps them for half an hour, and says when to come back', async () => {
    const test = await testEmulator({ clock: new AdjustableClock(), limits: { coldStart: true } });
    const bots = await Promise.all(Array.from({ length: 21 }, () => test.control.createBot()));
    const statuses: number[] = [];
    for (const { token } of bots) statuses.push((await test.api(token, 'getMe')).status);
    expect(statuses).toEqual([...Array.from({ length: 20 }, () => 200), 429]);
    const last = bots.at(-1);
    const refused = await test.api(last?.token ?? '', 'getMe');
    expect(refused.body.parameters).toEqual({ retry_after: 60 });
    expect(await test.control.calls({ bot: last?.id ?? 0 })).toMatchObject([
      { outcome: { status: 429, limit: 'cold-start' } },
      { outcome: { status: 429, limit: 'cold-start' } },
    ]);
    await test.control.advanceClock(60_000);
    expect((await test.api(last?.token ?? '', 'getMe')).status).toBe(200);
  });

  it('keeps a bot loaded for half an hour after its last call, and while it has a webhook', async () => {
    const test = await testEmulator({ clock: new AdjustableClock() });
    const [bot, other] = [await test.control.createBot(), await test.control.createBot()];
    await test.control.setLimits({ coldStart: { perMinute: 1, perHour: 1 } });
    const calls = async (...tokens: string[]): Promise<number[]> => {
      const statuses: number[] = [];
      for (const token of tokens) statuses.push((await test.api(token, 'getMe')).status);
      return statuses;
    };
    expect(await calls(bot.token, other.token)).toEqual([200, 429]);
    await test.control.advanceClock(1_799_000);
    expect(await calls(bot.token)).toEqual([200]);
    await test.control.advanceClock(1_799_000);
    expect(await calls(bot.token, other.token)).toEqual([200, 429]);
    await test.control.advanceClock(1_800_000);
    expect(await calls(other.token, bot.token)).toEqual([200, 429]);
    await test.api(other.token, 'setWebhook', { url: 'http://127.0.0.1:9/' });
    await test.control.advanceClock(3_600_000);
    expect(await calls(bot.token, other.token)).toEqual([200, 200]);
  });

  it('counts tokens that open nothing, each second anew', async () => {
    const test = await testEmulator({ clock: new AdjustableClock() });
    await test.control.setLimits({ coldStart: { perMinute: 3 } });
    const dead = `123456:${'a'.repeat(35)}`;
    const statuses: number[] = [];
    for (let second = 0; second < 4; second++) {
      statuses.push((await test.api(dead, 'getMe')).status);
      await test.control.advanceClock(1_001);
    }
    const living = await test.control.createBot();
    statuses.push((await test.api(living.token, 'getMe')).status);
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
  });

  it('counts a token that was revoked, however lately it was in use', async () => {
    const test = await testEmulator({ clock: new AdjustableClock() });
    const bot = await test.control.createBot();
    await test.control.setLimits({ coldStart: { perMinute: 2 } });
    const statuses = [(await test.api(bot.token, 'getMe')).status];
    await test.control.revokeToken(bot.id);
    for (let second = 0; second < 2; second++) {
      statuses.push((await test.api(bot.token, 'getMe')).status);
      await test.control.advanceClock(1_000);
    }
    expect(statuses).toEqual([200, 401, 429]);
  });

  it('makes a bot cold again that closes, or that gets a new token', async () => {
    const test = await testEmulator({ clock: new AdjustableClock() });
    const bot = await test.control.createBot();
    await test.control.setLimits({ coldStart: { perMinute: 1 } });
    expect((await test.api(bot.token, 'getMe')).status).toBe(200);
    await test.control.advanceClock(700_000);
    expect((await test.api(bot.token, 'close')).body.result).toBe(true);
    expect((await test.api(bot.token, 'close')).body.description).toBe(
      'Bad Request: the bot has already been closed',
    );
    expect((await test.api(bot.token, 'getMe')).status).toBe(429);
    await test.control.advanceClock(60_000);
    expect((await test.api(bot.token, 'getMe')).status).toBe(200);
    const renewed = await test.control.reissueToken(bot.id);
    expect((await test.api(renewed, 'getMe')).status).toBe(429);
  });

  it('is off unless asked for, and after a reset as at the start', async () => {
    const test = await testEmulator({ clock: new AdjustableClock() });
    expect(Object.values(await test.control.limits())).toEqual([null, null, null, null]);
    await test.control.setLimits({ coldStart: true, overload: true });
    expect(await test.control.setLimits({ overload: false })).toMatchObject({
      coldStart: { perMinute: 20, perHour: 600, loadedSeconds: 1_800 },
      overload: null,
    });
    await test.control.reset();
    expect((await test.control.limits()).coldStart).toBeNull();
    await expect(test.control.setLimits({ coldStart: { perMinute: 0 } })).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
    });
  });
});
