import { describe, expect, test } from 'vitest';
import { Secret } from '../../../../src/lib/secret.ts';
import { waitFor } from '../../../support/wait.ts';
import { GateWorld } from './gate-world.ts';

describe('who has joined', () => {
  test('writes freely, and the handlers after the gate answer', async () => {
    await using world = await GateWorld.start();
    const ann = await world.user('Ann', true);
    await world.write(ann);
    await world.hosting.answered('keeper', 'passed: Ann');
    expect(await world.mayWrite(ann)).toBe(true);
    expect(await world.count('restrictChatMember')).toBe(0);
    expect(await world.prompts()).toEqual([]);
  });

  test('is asked of Telegram once, however much is written', async () => {
    await using world = await GateWorld.start();
    const ann = await world.user('Ann', true);
    const before = await world.count('getChatMember');
    for (let n = 0; n < 20; n++) await world.write(ann);
    await world.settled();
    expect((await world.count('getChatMember')) - before).toBeLessThanOrEqual(1);
  });
});

describe('who has not joined', () => {
  test('is restricted and asked on arrival, and let in by pressing after having joined', async () => {
    await using world = await GateWorld.start();
    const bob = await world.user('Bob');
    expect(await world.mayWrite(bob)).toBe(false);
    const [prompt, ...more] = await world.prompts();
    expect(more).toEqual([]);
    expect(prompt?.text).toBe('Bob, to write here please join first, then press the last button.');
    expect(prompt?.reply_markup).toMatchObject({
      inline_keyboard: [
        [{ text: 'Join @news', url: 'https://t.me/news' }],
        [{ text: 'I have joined' }],
      ],
    });

    await world.press(bob);
    expect(await world.answers()).toEqual(['You have not joined everything yet.']);
    expect(await world.mayWrite(bob)).toBe(false);

    await world.set(world.news, bob, 'member');
    await world.press(bob).catch(() => undefined);
    expect(await world.mayWrite(bob)).toBe(true);
    expect(await world.prompts()).toEqual([]);
  });

  test('is asked at the first message where the bot came later than the user', async () => {
    await using world = await GateWorld.start([{}], { botInClub: 'left' });
    const bob = await world.user('Bob');
    await world.set(world.club, world.botId, 'administrator');
    await world.write(bob);
    expect(await world.mayWrite(bob)).toBe(false);
    expect(await world.prompts()).toHaveLength(1);
    expect(await world.count('restrictChatMember')).toBe(1);
    const sent = await world.calls('sendMessage');
    expect(sent.filter(({ parameters }) => parameters['text']?.startsWith('passed'))).toEqual([]);
  });

  test('comes in without pressing as soon as the bot sees that the user has joined', async () => {
    await using world = await GateWorld.start();
    const bob = await world.user('Bob');
    await world.set(world.news, bob, 'member');
    expect(await world.mayWrite(bob)).toBe(true);
    expect(await world.prompts()).toEqual([]);
  });

  test('is let in by the button after a restart of the bot, which remembers nobody', async () => {
    await using world = await GateWorld.start();
    const bob = await world.user('Bob');
    await world.restart();
    await world.set(world.news, bob, 'member');
    expect(await world.mayWrite(bob)).toBe(false);
    await world.press(bob);
    expect(await world.answers()).toEqual(['Thank you. You may write now.']);
    expect(await world.mayWrite(bob)).toBe(true);
    expect(await world.prompts()).toEqual([]);
  });

  test('who has pressed after a restart comes in without pressing again', async () => {
    await using world = await GateWorld.start();
    const bob = await world.user('Bob');
    await world.restart();
    await world.press(bob);
    expect(await world.answers()).toEqual(['You have not joined everything yet.']);
    await world.set(world.news, bob, 'member');
    expect(await world.mayWrite(bob)).toBe(true);
    expect(await world.prompts()).toEqual([]);
  });

  test('has one prompt again as soon as one from before a restart is pressed', async () => {
    await using world = await GateWorld.start();
    const bob = await world.user('Bob');
    await world.restart();
    await world.set(world.club, bob, 'left');
    await world.set(world.club, bob, 'member');
    await world.settled();
    expect(await world.prompts()).toHaveLength(2);
    await world.press(bob, world.club.id, 0);
    expect(await world.prompts()).toHaveLength(1);
  });

  test('is not kept out by a restriction that was under way when the user joined', async () => {
    await using world = await GateWorld.start([{}], { botInClub: 'left' });
    const bob = await world.user('Bob');
    await world.set(world.club, world.botId, 'administrator');
    await world.settled();
    await world.control.addFault({
      bot: 'keeper_bot',
      method: 'restrictChatMember',
      effect: { kind: 'delay', delayMs: 2_000 },
      count: 1,
    });
    await world.write(bob);
    const begun = async () => (await world.count('restrictChatMember')) === 1;
    await waitFor('the call to be under way', begun);
    await world.set(world.news, bob, 'member');
    expect(await world.mayWrite(bob)).toBe(true);
    expect(await world.prompts()).toEqual([]);
  });

  test('is let be while the bot waits for its owner', async () => {
    await using world = await GateWorld.start();
    const spec = { ...world.bot.spec, ownership: { required: true } };
    world.hosting.assign({ ...world.bot, generation: 2, spec });
    await world.hosting.facts('keeper', ({ aspects }) => aspects?.ownership?.ok === false);
    const bob = await world.user('Bob');
    expect(await world.mayWrite(bob)).toBe(true);
    expect(await world.prompts()).toEqual([]);
  });

  test('is nobody to a bot that has not met its owner yet', async () => {
    await using world = await GateWorld.start();
    const { hosting, bot } = world;
    const { token } = await world.control.createBot({ username: 'owned_bot' });
    const spec = { ...bot.spec, ownership: { required: true } };
    hosting.assign({ ...bot, uid: 'owned', key: 'default/owned', token: new Secret(token), spec });
    const { aspects } = await hosting.facts(
      'owned',
      (facts) => facts.aspects?.ownership?.ok === false,
    );
    await hosting.polling('owned');
    expect(aspects?.gate).toBeUndefined();
    expect(await hosting.calls('owned', 'getChatMember')).toBe(0);
  });

  test('may write where the gate only asks, and then nobody answers', async () => {
    await using world = await GateWorld.start([{ restrictUntilVerified: false }]);
    const bob = await world.user('Bob');
    for (let n = 0; n < 10; n++) await world.write(bob);
    expect(await world.mayWrite(bob)).toBe(true);
    expect(await world.prompts()).toHaveLength(1);
    expect(await world.count('restrictChatMember')).toBe(0);
    expect(await world.count('sendMessage')).toBe(1);
  });

  test('is let in by nobody else, who is told so', async () => {
    await using world = await GateWorld.start();
    const bob = await world.user('Bob');
    const ann = await world.user('Ann', true);
    await world.press(ann);
    expect(await world.answers()).toEqual(['This button is for somebody else.']);
    expect(await world.mayWrite(bob)).toBe(false);
    expect(await world.prompts()).toHaveLength(1);
  });

  test('gets no other prompt where one stands, and none once gone', async () => {
    await using world = await GateWorld.start();
    const bob = await world.user('Bob');
    for (let n = 0; n < 3; n++) {
      await world.set(world.club, bob, 'left');
      await world.settled();
      expect(await world.prompts()).toEqual([]);
      await world.set(world.club, bob, 'member');
      await world.settled();
      expect((await world.prompts()).length).toBeLessThanOrEqual(1);
      expect(await world.mayWrite(bob)).toBe(false);
    }
  });
});

describe('who leaves', () => {
  test('is restricted again at once, and asked again', async () => {
    await using world = await GateWorld.start();
    const ann = await world.user('Ann', true);
    await world.write(ann);
    expect(await world.mayWrite(ann)).toBe(true);
    await world.set(world.news, ann, 'left');
    expect(await world.mayWrite(ann)).toBe(false);
    expect(await world.prompts()).toHaveLength(1);
    await world.set(world.news, ann, 'member');
    expect(await world.mayWrite(ann)).toBe(true);
  });

  test('may go on where leaving is ignored', async () => {
    await using world = await GateWorld.start([{ onLeave: 'Ignore' }]);
    const ann = await world.user('Ann', true);
    await world.write(ann);
    await world.settled();
    await world.set(world.news, ann, 'left');
    expect(await world.mayWrite(ann)).toBe(true);
    expect(await world.count('restrictChatMember')).toBe(0);
  });
});

describe('several gates', () => {
  test('let in who has joined all, and ask for one after the other', async () => {
    await using world = await GateWorld.start([{}, { requires: [{ chat: '@blog' }] }]);
    const blog = await world.control.createChat({
      type: 'channel',
      title: 'Blog',
      username: 'blog',
    });
    await world.set(blog, world.botId, 'administrator');
    await world.settled();
    const bob = await world.user('Bob');
    await world.set(world.news, bob, 'member');
    expect(await world.mayWrite(bob)).toBe(false);
    await world.set(blog, bob, 'member');
    expect(await world.mayWrite(bob)).toBe(true);
    expect(await world.prompts()).toEqual([]);
  });
});

describe('people whom a gate leaves alone', () => {
  test('are administrators, unless told otherwise', async () => {
    await using world = await GateWorld.start();
    const boss = await world.user('Boss');
    await world.set(world.club, boss, 'administrator');
    await world.write(boss);
    await world.hosting.answered('keeper', 'passed: Boss');

    await using strict = await GateWorld.start([{ exemptAdmins: false }]);
    const chief = await strict.user('Chief', true);
    await strict.set(strict.club, chief, 'administrator');
    await strict.set(strict.news, chief, 'left');
    await strict.settled();
    await strict.write(chief);
    await strict.settled();
    expect(await strict.count('restrictChatMember')).toBe(0);
    expect(await strict.prompts()).toHaveLength(1);
  });

  test('are those whom an administrator has restricted: that is not lifted', async () => {
    await using world = await GateWorld.start();
    const eve = await world.user('Eve');
    expect(await world.prompts()).toHaveLength(1);
    const restricted = await world.count('restrictChatMember');
    await world.set(world.club, eve, 'restricted');
    await world.press(eve);
    await world.set(world.news, eve, 'member');
    expect(await world.mayWrite(eve)).toBe(false);
    expect(await world.count('restrictChatMember')).toBe(restricted);
    expect(await world.prompts()).toEqual([]);
  });

  test('are those who write in private', async () => {
    await using world = await GateWorld.start();
    await world.hosting.say('keeper', 'hello', 'zoe');
    await world.hosting.answered('keeper', 'passed: zoe');
    expect(await world.count('restrictChatMember')).toBe(0);
  });
});

describe('a private prompt', () => {
  test('goes to who has a chat with the bot, and to the group for others', async () => {
    await using world = await GateWorld.start([{ promptPrivately: true }]);
    const { id } = await world.control.createUser({ firstName: 'Bob', username: 'bob' });
    await world.hosting.say('keeper', 'hello', 'bob');
    await world.set(world.club, id, 'member');
    await world.settled();
    expect(await world.prompts()).toEqual([]);
    expect(await world.prompts(id)).toHaveLength(1);
    await world.press(id, id);
    expect(await world.answers()).toEqual(['You have not joined everything yet.']);
    await world.set(world.news, id, 'member');
    expect(await world.mayWrite(id)).toBe(true);
    expect(await world.prompts(id)).toEqual([]);

    // Eve has never written to the bot.
    await world.user('Eve');
    expect(await world.prompts()).toHaveLength(1);
  });

  test('goes to the group for who has blocked the bot', async () => {
    await using world = await GateWorld.start([{ promptPrivately: true }]);
    const { id } = await world.control.createUser({ firstName: 'Bob', username: 'bob' });
    await world.hosting.say('keeper', 'hello', 'bob');
    await world.control.blockBot({ bot: 'keeper_bot', from: id });
    await world.set(world.club, id, 'member');
    expect(await world.mayWrite(id)).toBe(false);
    expect(await world.prompts()).toHaveLength(1);
    const facts = world.hosting.port.facts.get('keeper');
    expect(facts?.counters.skipped).toBe(0);
  });
});
