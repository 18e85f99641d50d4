import { describe, expect, test } from 'vitest';
import { GateWorld } from './gate-world.ts';

describe('a gate that cannot do its work says so', () => {
  test('where the bot is no administrator of the channel, until it is made one', async () => {
    await using world = await GateWorld.start([{}], { botInNews: 'left' });
    const aspects = await world.gate('NotAdministrator');
    expect(aspects?.gate).toEqual({
      ok: false,
      reason: 'NotAdministrator',
      message:
        'The bot may not see who is in @news: make it an administrator there. Until then everybody may write.',
    });
    const bob = await world.user('Bob');
    await world.write(bob);
    await world.hosting.answered('keeper', 'passed: Bob');

    await world.set(world.news, world.botId, 'administrator');
    const { gate } = (await world.gate('Ready')) ?? {};
    expect(gate).toEqual({ ok: true, reason: 'Ready', message: 'Who is in @news may write.' });
    await world.write(bob);
    expect(await world.mayWrite(bob)).toBe(false);

    await world.set(world.news, world.botId, 'member');
    await world.gate('NotAdministrator');
  });

  test('where there is no such chat', async () => {
    await using world = await GateWorld.start([{ requires: [{ chat: '@nowhere_at_all' }] }]);
    const aspects = await world.gate('ChatNotFound');
    expect(aspects?.gate?.message).toMatch(
      /^There is no chat @nowhere_at_all, or the bot was never in it: correct membershipGate/,
    );
  });

  test('where it may not restrict in the group, and looks at it again when told of its rights', async () => {
    await using world = await GateWorld.start([{}], { botInClub: 'left' });
    await world.gate('Ready');
    await world.set(world.club, world.botId, 'member');
    const aspects = await world.gate('NotAdministrator');
    expect(aspects?.gate?.message).toBe(
      `The bot may not restrict members of "Club" (${world.club.id}): make it an administrator there with the right to ban users.`,
    );
    const bob = await world.user('Bob');
    for (let n = 0; n < 20; n++) await world.write(bob);
    expect(await world.mayWrite(bob)).toBe(true);
    expect(await world.prompts()).toHaveLength(1);
    expect(await world.count('restrictChatMember')).toBe(1);

    await world.set(world.club, world.botId, 'administrator');
    await world.gate('Ready');
    await world.hosting.advance(20_000);
    await world.write(bob);
    expect(await world.mayWrite(bob)).toBe(false);
  });

  test('in a basic group, in which nobody can be restricted', async () => {
    await using world = await GateWorld.start();
    const group = await world.control.createChat({ type: 'group', title: 'Old' });
    await world.set(group, world.botId, 'administrator');
    const aspects = await world.gate('NotSupergroup');
    expect(aspects?.gate?.message).toContain('make it a supergroup');
    await world.set(group, world.botId, 'left');
    await world.gate('Ready');
  });

  test('and lets nobody in meanwhile, where it is told to', async () => {
    await using world = await GateWorld.start([{ failurePolicy: 'Fail' }], { botInNews: 'left' });
    const aspects = await world.gate('NotAdministrator');
    expect(aspects?.gate?.message).toContain('Until then nobody is let in.');
    const ann = await world.user('Ann', true);
    expect(await world.mayWrite(ann)).toBe(false);
    await world.set(world.news, world.botId, 'administrator');
    await world.gate('Ready');
    await world.press(ann);
    expect(await world.mayWrite(ann)).toBe(true);
  });

  test('where Telegram refuses to tell for a reason of its own, until it does', async () => {
    await using world = await GateWorld.start([{ recheckSeconds: 30 }]);
    await world.gate('Ready');
    const fault = await world.control.addFault({
      bot: 'keeper_bot',
      method: 'getChatMember',
      effect: { kind: 'status', status: 400, description: 'Bad Request: whatever' },
    });
    const bob = await world.user('Bob');
    await world.write(bob);
    await world.hosting.answered('keeper', 'passed: Bob');
    await world.gate('CheckRefused');
    await world.control.removeFault(fault.id);
    await world.hosting.advance(40_000);
    await world.gate('Ready');
    expect(await world.count('restrictChatMember')).toBe(0);
  });
});

describe('a gate under fire', () => {
  test('who joins and leaves a hundred times causes few calls, and ends up as is right', async () => {
    await using world = await GateWorld.start([{ recheckSeconds: 30 }]);
    const eve = await world.user('Eve', true);
    await world.write(eve);
    await world.settled();
    const before = await world.control.lastCallSeq();
    for (let n = 0; n < 100; n++) {
      await world.set(world.news, eve, 'left');
      await world.set(world.news, eve, 'member');
    }
    await world.set(world.news, eve, 'left');
    await world.settled();
    const calls = await world.control.calls({ bot: 'keeper_bot', since: before, limit: 10_000 });
    const caused = calls.filter(({ method }) => method !== 'getUpdates');
    expect(caused.length).toBeLessThan(40);
    await world.hosting.advance(40_000);
    await world.hosting.polling('keeper');
    expect(await world.mayWrite(eve)).toBe(false);
    await world.set(world.news, eve, 'member');
    await world.hosting.advance(40_000);
    expect(await world.mayWrite(eve)).toBe(true);
  });

  test('who comes into and leaves the group a hundred times causes few calls', async () => {
    await using world = await GateWorld.start();
    const eve = await world.user('Eve');
    const before = await world.control.lastCallSeq();
    for (let n = 0; n < 100; n++) {
      await world.set(world.club, eve, 'left');
      await world.set(world.club, eve, 'member');
    }
    await world.settled();
    const calls = await world.control.calls({ bot: 'keeper_bot', since: before, limit: 10_000 });
    const caused = calls.filter(({ method }) => method !== 'getUpdates');
    expect(caused.length).toBeLessThan(40);
    expect(await world.mayWrite(eve)).toBe(false);
    expect((await world.prompts()).length).toBeLessThanOrEqual(1);
  });

  test('a hundred presses of one user are few calls, and of strangers too', async () => {
    await using world = await GateWorld.start();
    const bob = await world.user('Bob');
    const ann = await world.user('Ann', true);
    const before = await world.control.lastCallSeq();
    for (let n = 0; n < 100; n++) {
      await world.press(bob);
      await world.press(ann);
    }
    const calls = await world.control.calls({ bot: 'keeper_bot', since: before, limit: 10_000 });
    const caused = calls.filter(({ method }) => method !== 'getUpdates');
    expect(caused.length).toBeLessThan(40);
  });

  test('a raid is kept from writing, and the group is not flooded with prompts', async () => {
    await using world = await GateWorld.start();
    const raiders: number[] = [];
    for (let n = 0; n < 60; n++) {
      const { id } = await world.control.createUser({ firstName: `Raider ${n}` });
      await world.control.addMember(world.club.id, { user: id });
      raiders.push(id);
    }
    await world.settled();
    expect((await world.prompts()).length).toBeLessThanOrEqual(12);
    for (const raider of raiders) {
      await expect(world.write(raider)).rejects.toThrow('restricted');
    }
  }, 30_000);

  test('made-up data of a button opens nothing', async () => {
    await using world = await GateWorld.start();
    const bob = await world.user('Bob');
    const [prompt] = await world.prompts();
    const messageId = prompt?.message_id ?? expect.fail('no prompt');
    for (const data of [
      `tb-gate:${world.club.id}:${bob}`,
      `tb-gate:-1:${bob}`,
      'tb-gate:-99999999999999999999:1',
      'tb-gate:x:y',
      `tb-gate:${world.news.id}:${bob}`,
    ]) {
      await world.control.pressButton({
        bot: 'keeper_bot',
        from: bob,
        chat: world.club.id,
        messageId,
        data,
      });
    }
    expect(await world.mayWrite(bob)).toBe(false);
    const facts = world.hosting.port.facts.get('keeper');
    expect(facts?.counters.skipped).toBe(0);
  });
});

describe('a gate and the passing of time', () => {
  test('lets in who has joined unseen, at the next look', async () => {
    await using world = await GateWorld.start([{ recheckSeconds: 30 }]);
    const bob = await world.user('Bob');
    // Without being told of members, as it is where the bot is no administrator for a moment.
    await world.set(world.news, world.botId, 'left');
    await world.set(world.news, bob, 'member');
    await world.set(world.news, world.botId, 'administrator');
    expect(await world.mayWrite(bob)).toBe(false);
    await world.hosting.advance(40_000);
    expect(await world.mayWrite(bob)).toBe(true);
    expect(await world.prompts()).toEqual([]);
  });

  test('lets in whom a gate keeps out that is taken out of the spec', async () => {
    await using world = await GateWorld.start([{ recheckSeconds: 30 }]);
    const bob = await world.user('Bob');
    const { bot } = world;
    const handlers = bot.spec.handlers.filter(({ membershipGate }) => !membershipGate);
    world.hosting.assign({ ...bot, generation: 2, spec: { ...bot.spec, handlers } });
    const facts = await world.hosting.facts('keeper', ({ generation }) => generation === 2);
    expect(facts.aspects?.gate).toBeUndefined();
    expect(await world.mayWrite(bob)).toBe(false);
    await world.hosting.advance(400_000);
    await world.hosting.polling('keeper');
    expect(await world.mayWrite(bob)).toBe(true);
  });
});

describe('what is no message of a member', () => {
  const FIELDS: readonly (readonly [string, object])[] = [
    ['an anonymous administrator', { sender_chat: { id: -1, type: 'supergroup', title: 'Club' } }],
    ['a bot', { from: { id: 5, is_bot: true, first_name: 'Bot' } }],
    ['nobody at all', { from: undefined }],
    ['an event', { pinned_message: { message_id: 1, date: 0 } }],
  ];

  test.each(FIELDS)('goes on to the handlers after the gate: from %s', async (_name, fields) => {
    await using world = await GateWorld.start();
    const from = { id: 77, is_bot: false, first_name: 'Mallory' };
    const chat = { id: world.club.id, type: 'supergroup', title: 'Club' };
    const message = { message_id: 900, date: 0, chat, from, text: 'hello', ...fields };
    await world.control.sendRawUpdate({ bot: 'keeper_bot', body: { message } });
    await world.hosting.answered('keeper', 'passed');
    expect(await world.count('restrictChatMember')).toBe(0);
  });

  test('a post in a channel, or in the required chat itself, is not asked about', async () => {
    await using world = await GateWorld.start();
    const before = await world.count('getChatMember');
    const chat = { id: world.news.id, type: 'supergroup', title: 'News', username: 'NEWS' };
    const from = { id: 77, is_bot: false, first_name: 'Mallory' };
    const message = { message_id: 900, date: 0, chat, from, text: 'hello' };
    await world.control.sendRawUpdate({ bot: 'keeper_bot', body: { message } });
    await world.settled();
    expect(await world.count('getChatMember')).toBe(before);
  });

  test('a group that has become a supergroup is guarded under its new id', async () => {
    await using world = await GateWorld.start();
    const message = {
      message_id: 900,
      date: 0,
      chat: { id: -7, type: 'group', title: 'Old' },
      from: { id: 77, is_bot: false, first_name: 'Ann' },
      migrate_to_chat_id: world.club.id,
    };
    await world.control.sendRawUpdate({ bot: 'keeper_bot', body: { message } });
    const bob = await world.user('Bob');
    expect(await world.mayWrite(bob)).toBe(false);
  });
});
