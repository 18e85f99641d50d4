import { expect, it } from 'vitest';
import { itsAnswer } from '../support/conversation.ts';
import { condition, ready, statusWhere } from './steps.ts';
import type { ScenarioWorld } from './world.ts';

/** Tokens, owners, and how a bot is stopped and started. */
export function lifecycleScenarios(world: () => ScenarioWorld): void {
  it('a token that is refused is suspected, and a new one is picked up by itself', async () => {
    const { emulator } = world();
    const bot = await world().makeBot('renewed');
    await ready(world(), 'renewed');
    const token = await emulator.reissueToken(bot.id);
    const suspect = await statusWhere(
      world(),
      'renewed',
      ({ token }) => token?.state === 'Unauthorized',
    );
    expect(condition(suspect, 'TokenValid')).toMatchObject({
      status: 'Unknown',
      reason: 'Unauthorized',
    });
    await world().setToken('renewed', token);
    await statusWhere(world(), 'renewed', ({ token }) => token?.state === 'Valid');
    const said = { bot: bot.id, from: 'eve', text: '/start' };
    expect(await itsAnswer(emulator, said)).toBe('I am renewed');
  });

  it('a token of another bot is refused by name', async () => {
    const { emulator } = world();
    const bot = await world().makeBot('steadfast');
    await ready(world(), 'steadfast');
    const other = await emulator.createBot();
    await world().setToken('steadfast', other.token);
    const token = await emulator.reissueToken(bot.id);
    const status = await statusWhere(
      world(),
      'steadfast',
      (found) => condition(found, 'Stalled')?.status === 'True',
    );
    const { message = '' } = condition(status, 'Stalled') ?? {};
    expect(message).toContain(String(bot.id));
    expect(message).toContain(String(other.id));
    await world().setToken('steadfast', token);
    await ready(world(), 'steadfast');
  });

  it('tokens are checked on command', async () => {
    await world().makeBot('checked');
    await ready(world(), 'checked');
    const { code, out } = await world().command('token', 'check', 'checked');
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('Valid') });
    const status = await statusWhere(world(), 'checked', ({ handledRequests }) =>
      Boolean(handledRequests?.checkToken),
    );
    expect(status.token?.state).toBe('Valid');
  });

  it('a bot is started anew on command, and its counters go on', async () => {
    const { emulator } = world();
    const bot = await world().makeBot('fresh');
    await ready(world(), 'fresh');
    const said = { bot: bot.id, from: 'eve', text: '/start' };
    expect(await itsAnswer(emulator, said)).toBe('I am fresh');
    expect(await world().command('restart', 'fresh')).toMatchObject({ code: 0 });
    const { counters } = await statusWhere(
      world(),
      'fresh',
      (found) => found.phase === 'Running' && found.handledRequests?.restart !== undefined,
    );
    expect(counters).toMatchObject({ handled: 1, replies: 1 });
    expect(await itsAnswer(emulator, said)).toBe('I am fresh');
  });

  it('a bot that must have an owner answers once the code was sent', async () => {
    const { emulator } = world();
    const bot = await world().makeBot('owned', { ownership: { required: true } });
    const waiting = await statusWhere(world(), 'owned', ({ ownership }) =>
      Boolean(ownership?.code),
    );
    expect(condition(waiting, 'OwnershipVerified')?.status).toBe('False');
    expect(condition(waiting, 'Ready')).toMatchObject({ status: 'False', reason: 'NotVerified' });
    const owner = await emulator.createUser({ firstName: 'olga', username: 'olga' });
    const text = waiting.ownership?.code ?? '';
    await emulator.sendText({ bot: bot.id, from: owner.id, text });
    const verified = await statusWhere(
      world(),
      'owned',
      (found) => condition(found, 'OwnershipVerified')?.status === 'True',
    );
    expect(verified.ownership?.verifiedBy).toBe(owner.id);
    expect(verified.ownership?.code).toBeUndefined();
    const said = { bot: bot.id, from: 'eve', text: '/start' };
    expect(await itsAnswer(emulator, said)).toBe('I am owned');
  });

  it('another poller is told of and not fought', async () => {
    const { emulator } = world();
    const bot = await world().makeBot('contested');
    await ready(world(), 'contested');
    await emulator.addFault({
      bot: bot.id,
      method: 'getUpdates',
      count: 1,
      effect: {
        kind: 'status',
        status: 409,
        description: 'Conflict: terminated by other getUpdates request',
      },
    });
    const eve = await emulator.createUser({ firstName: 'eve', username: 'eve' });
    await emulator.sendText({ bot: bot.id, from: eve.id, text: '/start' });
    const status = await statusWhere(
      world(),
      'contested',
      (found) => condition(found, 'Conflict')?.status === 'True',
    );
    expect(condition(status, 'Ready')?.reason).toBe('AnotherPoller');
    // The next poll is held until something comes.
    await emulator.sendText({ bot: bot.id, from: eve.id, text: '/start' });
    await statusWhere(
      world(),
      'contested',
      (found) => condition(found, 'Conflict')?.status === 'False',
    );
  });
}
