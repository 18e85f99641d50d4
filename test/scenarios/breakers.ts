import { expect } from 'vitest';
import type { BreakerStatus } from '../../src/api/breaker.ts';
import type { TenantBotStatus } from '../../src/api/tenant-bot-status.ts';
import type { MadeBot } from '../../src/emulator/control-client.ts';
import { waitFor } from '../support/wait.ts';
import { answer, conditionIs, readyBot, type Scenario, say, statusWhere } from './steps.ts';
import { PATIENCE_MS, type ScenarioWorld } from './world.ts';

const BAD_GATEWAY = { kind: 'status', status: 502 } as const;
const LONG = { breaker: { openSeconds: 3_600 } };

/** Calls to Telegram that keep failing. */
export function breakerScenarios(scenario: Scenario): void {
  scenario('one opens, and tells; others go on; a reset closes it', async (world) => {
    const bot = await readyBot(world, 'broken', LONG);
    const other = await readyBot(world, 'neighbour');
    const mend = await breakBot(world, bot);
    const { health, breaker } = await statusWhere(world, 'broken', isOpen);
    expect(breaker?.nextProbeAt).toMatch(/^\d{4}-/);
    expect(health?.state).toBe('Unhealthy');
    for (const [type, reason] of [
      ['BreakerClosed', 'Open'],
      ['Healthy', 'Unhealthy'],
      ['Ready', 'Unhealthy'],
    ] as const) {
      expect(await conditionIs(world, 'broken', [type, 'False'])).toMatchObject({ reason });
    }
    expect(await answer(world, other)).toBe('I am neighbour');

    await mend();
    const reset = await world.command('breaker', 'reset', 'broken');
    expect(reset).toMatchObject({ code: 0, out: expect.stringContaining('Closed') });
    expect(await answer(world, bot, '/start', 'bob')).toBe('I am broken');
    await statusWhere(world, 'broken', ({ breaker }) => breaker?.state === 'Closed');
  });

  scenario('all of a namespace are reset with one word', async (world) => {
    for (const name of ['one', 'two']) {
      const bot = await readyBot(world, name, LONG);
      const mend = await breakBot(world, bot);
      await statusWhere(world, name, isOpen);
      await mend();
    }
    const reset = await world.command('breaker', 'reset', '--all');
    expect(reset).toMatchObject({ code: 0, out: expect.stringContaining('2 bots: 2 Closed') });
    for (const name of ['one', 'two']) {
      await statusWhere(world, name, ({ breaker }) => breaker?.state === 'Closed');
    }
  });

  scenario(
    'one that is open goes by other settings at once, and forgets nothing',
    async (world) => {
      const bot = await readyBot(world, 'patient', LONG);
      const mend = await breakBot(world, bot);
      const { breaker: before } = await statusWhere(world, 'patient', isOpen);
      await world.setSpec('patient', { breaker: { openSeconds: 1_800, failureThreshold: 50 } });
      const { breaker: after } = await statusWhere(
        world,
        'patient',
        ({ breaker }) => breaker !== undefined && breaker.nextProbeAt !== before?.nextProbeAt,
      );
      expect(after).toMatchObject({ state: 'Open', openedAt: before?.openedAt });
      expect(secondsOpen(after)).toBe(1_800);

      await mend();
      await world.setSpec('patient', { breaker: { openSeconds: 1 } });
      expect(await answer(world, bot, '/start', 'bob')).toBe('I am patient');
    },
  );

  scenario('where all bots of a shard fail at once, one opens for all of them', async (world) => {
    const { emulator } = world;
    await world.setFleet();
    const names = Array.from({ length: 6 }, (_, index) => `bot${index}`);
    const bots = await Promise.all(names.map((name) => readyBot(world, name)));
    const mends = await Promise.all(bots.map((bot) => breakBot(world, bot)));
    await waitFor(
      'probes ten seconds apart, of all bots together',
      async () => {
        const made = await Promise.all(bots.map((bot) => emulator.calls({ bot: bot.id })));
        const times = made.flat().map(({ startedAtMs }) => startedAtMs);
        const [first = 0, second = 0, third = 0] = times.toSorted((a, b) => b - a);
        return first - second >= 9_500 && second - third >= 9_500;
      },
      { timeoutMs: PATIENCE_MS, intervalMs: 500 },
    );
    for (const name of names) expect((await world.status(name)).breaker?.state).toBe('Closed');

    for (const mend of mends) await mend();
    for (const [index, bot] of bots.entries()) {
      expect(await answer(world, bot, '/start', 'bob')).toBe(`I am bot${index}`);
    }
  });
}

const isOpen = ({ breaker }: TenantBotStatus): boolean => breaker?.state === 'Open';

function secondsOpen(breaker: BreakerStatus | undefined): number {
  const { openedAt = '', nextProbeAt = '' } = breaker ?? {};
  return (Date.parse(nextProbeAt) - Date.parse(openedAt)) / 1_000;
}

/** Makes all calls of the bot fail from its next answer on; resolves to what ends that. */
async function breakBot(world: ScenarioWorld, bot: MadeBot): Promise<() => Promise<void>> {
  const { id } = await world.emulator.addFault({ bot: bot.id, effect: BAD_GATEWAY });
  await say(world, bot);
  return () => world.emulator.removeFault(id);
}
