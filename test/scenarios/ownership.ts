import { expect } from 'vitest';
import type { TenantBotStatus } from '../../src/api/tenant-bot-status.ts';
import {
  answer,
  condition,
  conditionIs,
  confirmed,
  type Scenario,
  say,
  statusWhere,
} from './steps.ts';

const OWNED = { ownership: { required: true } };
const TRIES = 1_000;
const hasCode = ({ ownership }: TenantBotStatus): boolean => Boolean(ownership?.code);

/** Who has to prove to own a bot. */
export function ownershipScenarios(scenario: Scenario): void {
  scenario('a bot answers once the code was sent', async (world) => {
    const bot = await world.makeBot('owned', OWNED);
    const waiting = await statusWhere(world, 'owned', hasCode);
    expect(condition(waiting, 'OwnershipVerified')?.status).toBe('False');
    expect(condition(waiting, 'Ready')).toMatchObject({ status: 'False', reason: 'NotVerified' });
    const olga = await say(world, bot, waiting.ownership?.code ?? '', 'olga');
    await conditionIs(world, 'owned', ['OwnershipVerified', 'True']);
    const { ownership } = await world.status('owned');
    expect(ownership).toMatchObject({
      verifiedBy: olga,
      verifiedAt: expect.stringMatching(/^\d{4}-/),
    });
    expect(ownership?.code).toBeUndefined();
    expect(await answer(world, bot, '/start', 'eve')).toBe('I am owned');
  });

  scenario('who guesses again and again gets five answers, and is locked out', async (world) => {
    const { emulator } = world;
    const bot = await world.makeBot('guarded', OWNED);
    const { ownership } = await statusWhere(world, 'guarded', hasCode);
    const code = ownership?.code ?? '';
    const { id: eve } = await emulator.createUser({ firstName: 'eve', username: 'eve' });
    for (let n = 0; n < TRIES; n++) {
      await emulator.sendText({ bot: bot.id, from: eve, text: String(n).padStart(8, '0') });
    }
    await say(world, bot, code, 'eve');
    await confirmed(world, bot);
    expect(await emulator.calls({ bot: bot.id, method: 'sendMessage' })).toHaveLength(5);
    expect((await world.status('guarded')).ownership?.code).toBe(code);
    await say(world, bot, code, 'olga');
    await conditionIs(world, 'guarded', ['OwnershipVerified', 'True']);
  });

  scenario('many who guess bring another code', async (world) => {
    const bot = await world.makeBot('besieged', OWNED);
    const { ownership } = await statusWhere(world, 'besieged', hasCode);
    const code = ownership?.code ?? '';
    for (let n = 0; n < 100; n++) await say(world, bot, 'ZZZZZZZZ', `guesser_${n % 25}`);
    const another = await statusWhere(
      world,
      'besieged',
      (found) => hasCode(found) && found.ownership?.code !== code,
    );
    await say(world, bot, another.ownership?.code ?? '', 'olga');
    await confirmed(world, bot);
    expect((await world.status('besieged')).ownership?.verifiedBy).toBeUndefined();
  });
}
