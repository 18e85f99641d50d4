import { describe, expect, it } from 'vitest';
import {
  FloodControl,
  type FloodEvent,
  type FloodRefusal,
} from '../../../src/emulator/limits/flood-control.ts';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { waitFor } from '../../support/wait.ts';
import { acquainted, type TestEmulator, testEmulator } from '../support.ts';

const FIGURES = {
  privatePerSecond: 1,
  privateBurst: 2,
  groupPerMinute: 3,
  bulkPerSecond: 4,
  replySeconds: 10,
  cooldownSeconds: 3,
  lengthenSeconds: 1,
  maxCooldownSeconds: 20,
  forgiveSeconds: 60,
};

/** Sends messages to one user at the given times; says what came of each. */
function sent(
  flood: FloodControl,
  atSeconds: readonly number[],
  message: Partial<FloodEvent> = {},
): (FloodRefusal | undefined)[] {
  const usual = { chatId: 1, isPrivate: true, isReply: true };
  return atSeconds.map((at) => flood.refuse({ ...usual, ...message, nowMs: at * 1_000 }));
}

const OK = undefined;
const cooldown = (seconds: number): FloodRefusal => ({
  limit: 'cooldown',
  waitMs: seconds * 1_000,
});

describe('FloodControl', () => {
  it('allows one message a second to a user on average, a few at once', () => {
    const flood = new FloodControl(FIGURES);
    expect(sent(flood, [0, 0, 1, 2, 3])).toEqual([OK, OK, OK, OK, OK]);
    expect(sent(flood, [3.5])).toEqual([{ limit: 'chat', waitMs: 3_000 }]);
    expect(sent(flood, [3.5], { chatId: 2 })).toEqual([OK]);
  });

  it('lengthens a pause with each message that comes during it, up to a bound', () => {
    const flood = new FloodControl(FIGURES);
    const [, , first, ...during] = sent(flood, [0, 0, 0, 0, 0, 1]);
    expect(first).toEqual({ limit: 'chat', waitMs: 3_000 });
    expect(during).toEqual([cooldown(4), cooldown(5), cooldown(5)]);
    expect(sent(flood, [6])).toEqual([OK]);
    const many = sent(flood, [6, 6, ...Array.from({ length: 40 }, () => 6)]);
    expect(many.at(-1)).toEqual(cooldown(20));
  });

  it('doubles the pause with each further offence, until some time without one', () => {
    const flood = new FloodControl(FIGURES);
    const offence = (atSeconds: number): unknown =>
      sent(
        flood,
        [0, 0, 0].map(() => atSeconds),
      )[2];
    expect(offence(0)).toEqual({ limit: 'chat', waitMs: 3_000 });
    expect(offence(10)).toEqual({ limit: 'chat', waitMs: 6_000 });
    expect(offence(20)).toEqual({ limit: 'chat', waitMs: 12_000 });
    expect(offence(40)).toEqual({ limit: 'chat', waitMs: 20_000 });
    expect(offence(120)).toEqual({ limit: 'chat', waitMs: 3_000 });
  });

  it('allows a group so many a minute, in any minute', () => {
    const flood = new FloodControl(FIGURES);
    const group = { chatId: -1, isPrivate: false };
    expect(sent(flood, [0, 10, 20], group)).toEqual([OK, OK, OK]);
    expect(sent(flood, [30], group)).toEqual([{ limit: 'group', waitMs: 30_000 }]);
    expect(sent(flood, [60, 70, 80], group)).toEqual([OK, OK, OK]);
  });

  it('counts what goes to many at once, but not answers to those who have just written', () => {
    const flood = new FloodControl(FIGURES);
    const toAll = (atSeconds: number, isReply: boolean): (FloodRefusal | undefined)[] =>
      Array.from({ length: 5 }, (_, chatId) =>
        flood.refuse({ chatId, isPrivate: true, isReply, nowMs: atSeconds * 1_000 }),
      );
    expect(toAll(0, true)).toEqual([OK, OK, OK, OK, OK]);
    expect(toAll(10, false)).toEqual([OK, OK, OK, OK, { limit: 'bulk', waitMs: 3_000 }]);
    expect(toAll(12, false).map((refusal) => refusal?.limit)).toEqual(
      Array.from({ length: 5 }, () => 'cooldown'),
    );
    expect(toAll(12, true)).toEqual([OK, OK, OK, OK, OK]);
  });
});

/** Calls a method so many times, one after the other, and says what each came to. */
async function repeated(
  test: TestEmulator,
  token: string,
  call: { readonly method: string; readonly body: object; readonly times: number },
): Promise<(number | string)[]> {
  const seen: (number | string)[] = [];
  for (let time = 0; time < call.times; time++) {
    const { status, body } = await test.api(token, call.method, call.body);
    const retryAfter = body.parameters?.retry_after;
    seen.push(retryAfter === undefined ? status : `${status}, ${retryAfter}`);
  }
  return seen;
}

describe('flood control', () => {
  it('refuses messages to one user, says so in the ledger, and forgives', async () => {
    const test = await testEmulator({
      clock: new AdjustableClock(),
      limits: { floodControl: { privateBurst: 2 } },
    });
    const { bot, user } = await acquainted(test);
    const call = { method: 'sendMessage', body: { chat_id: user.id, text: 'hi' }, times: 4 };
    expect(await repeated(test, bot.token, call)).toEqual([200, 200, '429, 3', '429, 4']);
    const outcomes = (await test.control.calls({ method: 'sendMessage' })).map(
      ({ outcome }) => outcome?.limit,
    );
    expect(outcomes).toEqual([undefined, undefined, 'chat', 'cooldown']);
    expect(await test.control.messages(user.id, bot.id)).toHaveLength(1 + 2);
    await test.control.advanceClock(4_000);
    expect(await repeated(test, bot.token, { ...call, times: 1 })).toEqual([200]);
  });

  it('counts photos and documents, and neither edits nor what is refused for other reasons', async () => {
    const test = await testEmulator({
      clock: new AdjustableClock(),
      limits: { floodControl: { privateBurst: 2 } },
    });
    const { bot, user } = await acquainted(test);
    const chat = { chat_id: user.id };
    const statuses: number[] = [];
    for (const [method, body] of [
      ['sendMessage', { ...chat, text: '' }],
      ['sendPhoto', { ...chat, photo: 'https://example.org/a.png' }],
      ['sendDocument', { ...chat, document: 'AgACAgIAAx' }],
      ['sendChatAction', { ...chat, action: 'typing' }],
      ['sendPhoto', { ...chat, photo: 'https://example.org/a.png' }],
    ] as const) {
      statuses.push((await test.api(bot.token, method, body)).status);
    }
    expect(statuses).toEqual([400, 200, 200, 200, 429]);
  });

  it('counts bulk messages, until the user writes', async () => {
    const test = await testEmulator({
      clock: new AdjustableClock(),
      limits: { floodControl: { bulkPerSecond: 1, replySeconds: 5 } },
    });
    const { bot, user } = await acquainted(test);
    await test.control.advanceClock(5_001);
    const call = { method: 'sendMessage', body: { chat_id: user.id, text: 'news' }, times: 2 };
    expect(await repeated(test, bot.token, call)).toEqual([200, '429, 3']);
    await test.control.sendText({ bot: bot.id, from: user.id, text: 'stop' });
    expect(await repeated(test, bot.token, { ...call, times: 1 })).toEqual([200]);
    expect((await test.control.calls({ method: 'sendMessage' }))[1]?.outcome?.limit).toBe('bulk');
  });
});

describe('the limit of name changes', () => {
  it('refuses setMyName after some calls a day, whether they change anything or not', async () => {
    const test = await testEmulator({
      clock: new AdjustableClock(),
      limits: { nameChanges: { perDay: 2 } },
    });
    const { bot } = await acquainted(test);
    const call = { method: 'setMyName', body: { name: 'Greeter' }, times: 3 };
    const [first, second, third] = await repeated(test, bot.token, call);
    expect([first, second, third]).toEqual([200, 200, '429, 86400']);
    const others = { method: 'setMyDescription', body: { description: 'Greets' }, times: 1 };
    expect(await repeated(test, bot.token, others)).toEqual([200]);
    await test.control.advanceClock(86_400_000);
    expect(await repeated(test, bot.token, { ...call, times: 1 })).toEqual([200]);
    expect((await test.control.calls({ method: 'setMyName' }))[2]?.outcome?.limit).toBe(
      'name-changes',
    );
  });
});

describe('the limit of calls under way', () => {
  it('refuses more of one bot after a pause, but not what the server answers by itself', async () => {
    const test = await testEmulator({
      clock: new AdjustableClock(),
      limits: { overload: { activeCalls: 2 } },
    });
    const { bot, user } = await acquainted(test);
    const other = await acquainted(test, 'other_bot');
    await test.control.addFault({
      bot: bot.id,
      method: 'sendChatAction',
      effect: { kind: 'delay', delayMs: 60_000 },
    });
    const typing = { chat_id: user.id, action: 'typing' };
    const slow = [1, 2].map(() => test.api(bot.token, 'sendChatAction', typing));
    const message = { chat_id: user.id, text: 'hi' };
    const isUnderWay = async (count: number): Promise<boolean> =>
      (await test.control.calls({ bot: bot.id })).length === count;
    await waitFor('the slow calls', () => isUnderWay(2));
    const refused = test.api(bot.token, 'sendMessage', message);
    await waitFor('the call too many', () => isUnderWay(3));
    expect((await test.api(bot.token, 'getMe')).status).toBe(200);
    expect((await test.api(other.bot.token, 'sendMessage', message)).status).toBe(200);
    expect((await test.control.calls({ bot: bot.id }))[2]?.outcome).toBeNull();
    await test.control.advanceClock(3_000);
    expect(await refused).toMatchObject({ status: 429, body: { parameters: { retry_after: 60 } } });
    expect((await test.control.calls({ bot: bot.id }))[2]?.outcome?.limit).toBe('overload');
    await test.control.advanceClock(57_000);
    for (const call of slow) expect((await call).status).toBe(200);
    expect((await test.api(bot.token, 'sendMessage', message)).status).toBe(200);
  });
});
