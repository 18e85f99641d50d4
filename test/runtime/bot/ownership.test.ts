import { describe, expect, test } from 'vitest';
import type { RuntimeFacts } from '../../../src/api/runtime-facts.ts';
import type { BotAssignment } from '../../../src/control/port.ts';
import { waitFor } from '../../support/wait.ts';
import { GateWorld } from '../handlers/gate/gate-world.ts';
import { Hosting } from '../hosting.ts';

/** A greeter that is hosted and waits for its owner, and the code that it waits for. */
async function pending(hosting: Hosting, change: Partial<BotAssignment> = {}) {
  const { token } = await hosting.control.createBot({ username: 'greeter_bot' });
  const free = await hosting.host('greeter', { token });
  const bot = hosting.assign({
    ...free,
    spec: { ...free.spec, ownership: { required: true } },
    generation: 2,
    ...change,
  });
  return { bot, code: await codeOf(hosting) };
}

const codeOf = async (hosting: Hosting): Promise<string> => {
  const { ownership } = await hosting.facts(
    'greeter',
    (facts) => 'code' in (facts.ownership ?? {}),
  );
  return ownership?.code ?? expect.fail('no code');
};

const verified = (hosting: Hosting): Promise<RuntimeFacts> =>
  hosting.facts('greeter', ({ ownership }) => ownership?.verifiedBy !== undefined);

describe('a bot that waits for its owner', () => {
  test('answers nobody until the code was sent, and then as its handlers say', async () => {
    await using hosting = await Hosting.start();
    const { code } = await pending(hosting);
    const before = await hosting.facts(
      'greeter',
      ({ aspects }) => aspects?.ownership?.ok === false,
    );
    expect(before.aspects?.ownership).toMatchObject({
      reason: 'CodePending',
      message: expect.stringMatching(
        /send the code in status\.ownership\.code to @greeter_bot in a private chat before \d{4}-/,
      ),
    });
    expect(before.aspects?.ownership?.message).not.toContain(code);

    await hosting.say('greeter', '/start');
    await hosting.confirmed('greeter');
    expect(await hosting.calls('greeter', 'sendMessage')).toBe(0);

    await hosting.say('greeter', code, 'olga');
    await hosting.answered('greeter', 'This bot is yours');
    const { ownership, aspects } = await verified(hosting);
    const olga = await hosting.control.createUser({ firstName: 'olga', username: 'olga' });
    expect(ownership).toEqual({
      verifiedBy: olga.id,
      verifiedAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(aspects?.ownership).toMatchObject({
      ok: true,
      reason: 'Verified',
      message: expect.stringContaining(`user ${olga.id} proved`),
    });
    await hosting.say('greeter', '/start');
    await hosting.answered('greeter', 'I am greeter');
  });

  test('takes the code from a link, in any case, and counts it as handled', async () => {
    await using hosting = await Hosting.start();
    const { code } = await pending(hosting);
    await hosting.say('greeter', `/start ${code.toLowerCase()}`);
    await verified(hosting);
    await hosting.facts('greeter', ({ counters }) => counters.handled === 1);
  });

  test('does not take it in a group', async () => {
    await using hosting = await Hosting.start();
    const { code } = await pending(hosting);
    const { control } = hosting;
    const ann = await control.createUser({ firstName: 'Ann' });
    const group = await control.createChat({ type: 'supergroup', title: 'Group' });
    const { id } = await control.bot('greeter_bot');
    await control.addMember(group.id, { user: ann.id });
    await control.addMember(group.id, { user: id, status: 'administrator' });
    await control.sendText({ from: ann.id, chat: group.id, text: code });
    await hosting.confirmed('greeter');
    expect(hosting.port.facts.get('greeter')?.ownership?.code).toBe(code);
  });

  test('goes on with its code, and with its owner, where it starts anew', async () => {
    await using hosting = await Hosting.start();
    const { bot, code } = await pending(hosting);
    const again = async (epoch: number, facts: RuntimeFacts | undefined): Promise<void> => {
      const { counters, ownership } = facts ?? expect.fail('nothing was told');
      hosting.assign({ ...bot, epoch, resume: { counters, ...(ownership && { ownership }) } });
      await hosting.facts('greeter', ({ lifecycle }) => lifecycle === 'Running');
    };
    await again(2, hosting.port.facts.get('greeter'));
    await hosting.say('greeter', code);
    const { ownership, ...facts } = await verified(hosting);
    await again(3, { ...facts, ...(ownership && { ownership }) });
    await hosting.facts('greeter', ({ aspects }) => aspects?.ownership?.ok === true);
    expect(hosting.port.facts.get('greeter')?.ownership).toEqual(ownership);
    await hosting.say('greeter', '/start');
    await hosting.answered('greeter', 'I am greeter');
  });

  test('is free as soon as its spec asks for no proof', async () => {
    await using hosting = await Hosting.start();
    const { bot } = await pending(hosting);
    const spec = { ...bot.spec, ownership: { required: false } };
    hosting.assign({ ...bot, spec, generation: 3 });
    const facts = await hosting.facts('greeter', ({ generation }) => generation === 3);
    expect(facts.ownership).toBeUndefined();
    expect(facts.aspects?.ownership).toBeUndefined();
    await hosting.say('greeter', '/start');
    await hosting.answered('greeter', 'I am greeter');
  });

  test('asks Telegram for messages though its handlers need none', async () => {
    await using hosting = await Hosting.start();
    const callback = { data: 'x', answer: { text: 'Thanks', alert: false } };
    const { token } = await hosting.control.createBot({ username: 'greeter_bot' });
    const free = await hosting.host('greeter', { token, handlers: [{ callback }] });
    hosting.assign({
      ...free,
      spec: { ...free.spec, ownership: { required: true } },
      generation: 2,
    });
    await hosting.say('greeter', await codeOf(hosting));
    await verified(hosting);
  });

  test('lets one user guess five times, of 10,000 tries, and keeps its code', async () => {
    await using hosting = await Hosting.start();
    const { code } = await pending(hosting);
    const eve = await hosting.control.createUser({ firstName: 'Eve', username: 'eve' });
    const guess = (n: number): string => String(n).padStart(8, '0');
    for (let n = 0; n < 10_000; n += 100) {
      await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          hosting.control.sendText({ bot: 'greeter_bot', from: eve.id, text: guess(n + index) }),
        ),
      );
    }
    await hosting.facts('greeter', ({ counters }) => counters.updates === 10_000);
    await hosting.confirmed('greeter');
    expect(await hosting.calls('greeter', 'sendMessage')).toBe(5);
    const facts = await hosting.facts('greeter', ({ counters }) => counters.handled === 5);
    expect(facts.ownership?.code).toBe(code);
    // Nor does the right code help who is locked out.
    await hosting.say('greeter', code, 'eve');
    await hosting.confirmed('greeter');
    expect(hosting.port.facts.get('greeter')?.ownership?.verifiedBy).toBeUndefined();
    await hosting.say('greeter', code, 'olga');
    await verified(hosting);
  }, 60_000);
});

test('who waits at a gate is not looked up while the bot waits for its owner', async () => {
  await using world = await GateWorld.start();
  const { hosting, bot } = world;
  const looks = (): Promise<number> => world.count('getChatMember');
  const ann = await world.user('ann');
  expect(await world.mayWrite(ann)).toBe(false);
  hosting.assign({
    ...bot,
    spec: { ...bot.spec, ownership: { required: true } },
    generation: 2,
  });
  const { ownership } = await hosting.facts('keeper', (facts) => 'code' in (facts.ownership ?? {}));
  const before = await looks();
  await world.set(world.news, ann, 'member');
  for (let minutes = 0; minutes < 20; minutes++) await hosting.advance(60_000);
  await hosting.pollingAgain('keeper');
  expect(await looks()).toBe(before);

  await hosting.say('keeper', ownership?.code ?? '', 'olga');
  await waitFor('her release', async () => {
    await hosting.advance(60_000);
    return world.mayWrite(ann);
  });
});
