import { describe, expect, it } from 'vitest';
import type { RuntimeFacts } from '../../src/api/runtime-facts.ts';
import { seededRandom } from '../../src/lib/random.ts';
import type { HostedBot } from '../support/assignments.ts';
import { type FleetWorld, type Message, startFleetWorld } from '../support/fleet-world.ts';
import type { Program } from '../support/program.ts';
import type { RuntimeRequest } from '../support/runtime-program.ts';
import { waitFor } from '../support/wait.ts';

const NEIGHBOURS = 10;
const ECHO: HostedBot['handlers'] = [{ command: { name: 'echo', reply: { text: '{args}' } } }];

/**
 * The costliest there is room for. What such a pattern has seen takes one of 2^900 states, none of
 * which is met twice, and nothing tells early that no text fits.
 */
const COSTLY: HostedBot['handlers'] = Array.from({ length: 100 }, () => ({
  text: { pattern: 'a[ab]{900}[^ab]', reply: { text: 'never' } },
}));
/** Each of them takes seconds. */
const COSTLY_MESSAGES = 20;
const LONGEST_TEXT = 4_096;
/** Two windows of the flood watch, and as much again for a machine that has other things to do. */
const FOUND_OUT_MS = 25_000;
/** A process that is frozen tells nobody anything. */
const TIMEOUT_MS = 60_000;

/** Rates bound what a bot says, not what it is told: most of what a busy bot hears fits nothing. */
const ATTENTIVE: HostedBot['handlers'] = [
  ...['\\b(hours|address)\\b', '^order \\d{1,9}$', '(?i)thanks?'].map((pattern) => ({
    text: { pattern, reply: { text: 'never' } },
  })),
  ...ECHO,
];
const TALKERS = 16;
/** More than two windows of the flood watch. */
const BUSY_MS = 12_000;

describe('beside ten others, a bot', { timeout: TIMEOUT_MS }, () => {
  it('that floods the event loop is stopped in words, and all others are answered', async () => {
    await using world = await startFleetWorld();
    const neighbours = await addNeighbours(world);
    await world.addBot('toxic', COSTLY);
    for (const [user, text] of costlyTexts().entries()) await world.say('toxic', text, user);
    await using runtime = await world.startRuntime();
    const saying = world.sayNumbers(neighbours, { from: 0, to: 500 });
    const { lastError } = await waitFor(
      'the flooder to be stopped',
      async () => {
        const facts = await factsOf(runtime, 'toxic');
        return facts?.lifecycle === 'Crashed' && facts;
      },
      { timeoutMs: FOUND_OUT_MS, intervalMs: 250 },
    );
    expect(lastError?.message).toMatch(/took \d+ % of the time that it shares with other bots/);
    expect(lastError?.message).toContain('Simplify its text patterns');
    await saying;
    await expectAnswers(world, neighbours);
  });

  it('that is only busy goes on, and so do all others', async () => {
    await using world = await startFleetWorld();
    const neighbours = await addNeighbours(world);
    await world.addBot('busy', ATTENTIVE);
    await using runtime = await world.startRuntime();
    const untilMs = performance.now() + BUSY_MS;
    const talking = Array.from({ length: TALKERS }, async (_, user) => {
      while (performance.now() < untilMs) await world.say('busy', 'When do you open?', user);
    });
    await world.sayNumbers(neighbours, { from: 0, to: 500 });
    await Promise.all(talking);
    expect(await factsOf(runtime, 'busy')).toMatchObject({
      lifecycle: 'Running',
      restarts: 0,
      counters: { errors: 0 },
    });
    await world.confirmed(['busy']);
    await expectAnswers(world, neighbours);
  });
});

async function addNeighbours(world: FleetWorld): Promise<string[]> {
  const names = Array.from({ length: NEIGHBOURS }, (_, index) => `echo${index + 1}`);
  for (const name of names) await world.addBot(name, ECHO);
  return names;
}

function costlyTexts(): string[] {
  const random = seededRandom(1);
  return Array.from({ length: COSTLY_MESSAGES }, () =>
    Array.from({ length: LONGEST_TEXT }, () => (random() < 0.5 ? 'a' : 'b')).join(''),
  );
}

/** Waits for `bots` to have answered all that was said to them; each message once. */
async function expectAnswers(world: FleetWorld, bots: readonly string[]): Promise<void> {
  await world.confirmed(bots);
  const ofBots = (messages: readonly Message[]): string[] =>
    messages
      .filter(({ bot }) => bots.includes(bot))
      .map(({ bot, text }) => `${bot}: ${text}`)
      .toSorted();
  expect(ofBots(await world.answers())).toEqual(ofBots(world.expected));
}

function factsOf(runtime: Program, name: string): Promise<RuntimeFacts | undefined> {
  return runtime.ask({ kind: 'facts', name } satisfies RuntimeRequest);
}
