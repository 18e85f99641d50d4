import { describe, expect, it } from 'vitest';
import type { RuntimeFacts } from '../../src/api/runtime-facts.ts';
import type { HostedBot } from '../support/assignments.ts';
import { type FleetWorld, type Message, startFleetWorld } from '../support/fleet-world.ts';
import { startForwardService } from '../support/forward-service.ts';
import type { Program } from '../support/program.ts';
import type { RuntimeRequest } from '../support/runtime-program.ts';
import { waitFor } from '../support/wait.ts';

const BOTS = 200;
const ECHO: HostedBot['handlers'] = [{ command: { name: 'echo', reply: { text: '{args}' } } }];

describe('200 bots in one process', () => {
  it('answer 10,000 messages exactly once beside a slow, a poisoned and a revoked one', async () => {
    const releases: (() => void)[] = [];
    let poisonedTries = 0;
    await using service = await startForwardService((path, { message }, respond) => {
      const echo = { method: 'sendMessage', chat_id: message?.chat.id, text: message?.text };
      if (path === '/slow') {
        releases.push(() => respond(200, echo));
      } else if (message?.text === 'poison') {
        poisonedTries++;
        respond(500);
      } else {
        respond(200, echo);
      }
    });
    await using world = await startFleetWorld();
    await world.addBot('slow', forwardTo(`${service.url}/slow`));
    await world.addBot('poisoned', forwardTo(`${service.url}/poisoned`));
    await world.addBot('revoked', ECHO);
    const healthy = await addEchoBots(world, BOTS - 3);
    await using runtime = await world.startRuntime();

    await world.say('slow', 'take your time');
    for (const text of ['one', 'poison', 'two']) await world.say('poisoned', text);
    await world.say('revoked', '/echo before');
    await world.sayNumbers(healthy, { from: 0, to: 5_000 });
    await world.confirmed(['revoked']);
    await world.control.revokeToken('revoked_bot');
    await world.say('revoked', '/echo after');
    await world.sayNumbers(healthy, { from: 5_000, to: 10_000 });
    await world.confirmed([...healthy, 'poisoned']);

    // The slow service has not answered anything yet, and nobody has waited for it.
    const answers = await world.answers();
    const gotNothing = (message: Message): boolean =>
      message.bot === 'slow' || ['poison', 'after'].includes(message.text);
    expect(byChat(answers)).toEqual(
      byChat(world.expected.filter((message) => !gotNothing(message))),
    );
    expect(poisonedTries).toBe(3);
    // Counters are told a moment after what they count.
    await waitFor('the skipped update to be counted', async () => {
      const { counters } = await factsOf(runtime, 'poisoned');
      return counters.skipped === 1;
    });
    const token = await waitFor('the revoked bot to know', async () => {
      const facts = await factsOf(runtime, 'revoked');
      return facts.token.state !== 'Valid' && facts.token;
    });
    expect(['Unauthorized', 'Revoked']).toContain(token.state);

    for (const release of releases) release();
    await world.confirmed(['slow']);
    expect((await world.answers()).slice(answers.length)).toMatchObject([
      { text: 'take your time' },
    ]);
  });

  it('lose nothing when their process is killed, and double no more than was in flight', async () => {
    await using world = await startFleetWorld();
    const { control } = world;
    const bots = await addEchoBots(world, BOTS);
    // So that there always are calls that have taken effect without their bot knowing.
    const effect = { kind: 'delay', delayMs: 200 } as const;
    await control.addFault({ method: 'sendMessage', share: 0.2, effect });
    await using killed = await world.startRuntime();
    const saying = world.sayNumbers(bots, { from: 0, to: 4_000 });
    const { met } = await control.waitFor(
      { kind: 'calls', method: 'sendMessage', ok: true, count: 1_000 },
      { timeoutMs: 60_000 },
    );
    expect(met).toBe(true);
    await killed.stop('SIGKILL');
    await saying;
    await world.quiet();
    const inFlight = await world.inFlight();
    expect(inFlight.size).toBeGreaterThan(0);

    await using _restarted = await world.startRuntime();
    await world.confirmed(bots);
    const answers = Map.groupBy(await world.answers(), ({ text }) => text);
    const answersTo = ({ text }: Message): number => answers.get(text)?.length ?? 0;
    const lost = world.expected.filter((message) => answersTo(message) === 0);
    expect(lost).toEqual([]);
    const doubled = world.expected.filter((message) => answersTo(message) > 1);
    expect(doubled.filter((message) => !inFlight.has(message) || answersTo(message) > 2)).toEqual(
      [],
    );
    console.log(`${inFlight.size} updates in flight at the kill, ${doubled.length} answered twice`);
  });
});

async function addEchoBots(world: FleetWorld, count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, index) => `echo${index + 1}`);
  for (const name of names) await world.addBot(name, ECHO);
  return names;
}

function forwardTo(url: string): HostedBot['handlers'] {
  return [{ forward: { url, signingSecretRef: { name: 'signing' }, timeoutSeconds: 60 } }];
}

function factsOf(runtime: Program, name: string): Promise<RuntimeFacts> {
  return runtime.ask<RuntimeFacts>({ kind: 'facts', name } satisfies RuntimeRequest);
}

/** The texts of each chat with each bot, in order. */
function byChat(messages: readonly Message[]): Map<string, string[]> {
  const chats = new Map<string, string[]>();
  for (const { bot, chat, text } of messages) {
    const key = `${bot} in ${chat}`;
    chats.set(key, [...(chats.get(key) ?? []), text]);
  }
  return chats;
}
