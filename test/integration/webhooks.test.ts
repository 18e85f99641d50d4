import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { RuntimeFacts } from '../../src/api/runtime-facts.ts';
import { freePort } from '../../src/lib/free-port.ts';
import type { HostedBot } from '../support/assignments.ts';
import { type FleetWorld, type RuntimeWebhooks, startFleetWorld } from '../support/fleet-world.ts';
import type { Program } from '../support/program.ts';
import { waitFor } from '../support/wait.ts';

const BOTS = 20;
const ECHO: HostedBot['handlers'] = [{ command: { name: 'echo', reply: { text: '{args}' } } }];

async function addBots(world: FleetWorld): Promise<string[]> {
  const names = Array.from({ length: BOTS }, (_, index) => `echo${index + 1}`);
  for (const name of names) await world.addBot(name, ECHO);
  return names;
}

async function registered(runtime: Program, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await waitFor(`the webhook of ${name}`, async () => {
      const facts = await runtime.ask<RuntimeFacts | undefined>({ kind: 'facts', name });
      return facts?.updates.mode === 'Webhook' && facts.aspects?.webhook?.ok;
    });
  }
}

/** How often each message was answered; every one was. */
async function answerCounts(world: FleetWorld): Promise<Map<string, number>> {
  const counts = new Map(world.expected.map(({ text }) => [text, 0]));
  for (const { text } of await world.answers()) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

describe('bots whose updates come by webhooks', () => {
  it('lose nothing when their process is killed, and double no more than was in flight', async () => {
    await using world = await startFleetWorld();
    const bots = await addBots(world);
    const port = await freePort();
    const webhooks: RuntimeWebhooks = {
      settings: { webhookPort: port, podName: 'tenantbot-default-0' },
      webhook: { publicUrl: `http://127.0.0.1:${port}/hooks`, maxConnections: 40 },
    };
    const effect = { kind: 'delay', delayMs: 200 } as const;
    await world.control.addFault({ method: 'sendMessage', share: 0.2, effect });
    await using killed = await world.startRuntime(webhooks);
    await registered(killed, bots);
    const saying = world.sayNumbers(bots, { from: 0, to: 400 });
    const { met } = await world.control.waitFor(
      { kind: 'calls', method: 'sendMessage', ok: true, count: 100 },
      { timeoutMs: 60_000 },
    );
    expect(met).toBe(true);
    await killed.stop('SIGKILL');
    await saying;
    await world.quiet();
    const inFlight = new Set([...(await world.inFlight())].map(({ text }) => text));

    await using _restarted = await world.startRuntime(webhooks);
    await world.confirmed(bots);
    const counts = await answerCounts(world);
    expect([...counts].filter(([, count]) => count === 0)).toEqual([]);
    const doubled = [...counts].filter(([, count]) => count > 1).map(([text]) => text);
    expect(doubled.filter((text) => !inFlight.has(text))).toEqual([]);
    console.log(`${inFlight.size} updates in flight at the kill, ${doubled.length} answered twice`);
  }, 120_000);

  it('are found by their shard, whichever gets the request, and when they move', async () => {
    await using world = await startFleetWorld();
    const bots = await addBots(world);
    const moving = bots.slice(0, BOTS / 2);
    const [first, second] = await shardsOfOne();
    await using front = await world.startRuntime(first);
    await world.host(front, [], first);
    await using behind = await world.startRuntime(second);
    await registered(behind, bots);
    await world.sayNumbers(bots, { from: 0, to: 60 });
    await world.confirmed(bots);

    const saying = world.sayNumbers(bots, { from: 60, to: 160 });
    await world.host(
      behind,
      bots.filter((name) => !moving.includes(name)),
      second,
    );
    for (const name of moving) {
      await waitFor(`the end of ${name}`, async () => {
        const facts = await behind.ask<RuntimeFacts>({ kind: 'facts', name });
        return facts.lifecycle === 'Stopped';
      });
    }
    await world.host(front, moving, first);
    await registered(front, moving);
    await saying;
    await world.confirmed(bots);
    const counts = await answerCounts(world);
    expect([...counts].filter(([, count]) => count !== 1)).toEqual([]);
    const ways = (await world.control.updates({ limit: 10_000 })).flatMap((update) =>
      update.deliveries.map(({ via }) => via),
    );
    expect(new Set(ways)).toEqual(new Set(['webhook']));
  }, 120_000);
});

/** Two shards behind an address that leads to the first alone. */
async function shardsOfOne(): Promise<readonly [RuntimeWebhooks, RuntimeWebhooks]> {
  for (;;) {
    // Ports that differ in their last digit alone, so that one address stands for both.
    const base = Math.floor((await freePort()) / 10) * 10;
    const share = {
      webhook: { publicUrl: `http://127.0.0.1:${base}`, maxConnections: 40 },
      shards: 2,
    };
    const shard = (ordinal: number): RuntimeWebhooks => ({
      ...share,
      settings: {
        webhookPort: base + ordinal,
        webhookPeers: `http://127.0.0.1:${base / 10}{shard}`,
        podName: `tenantbot-default-${ordinal}`,
      },
    });
    if (await areFree(base, base + 1)) return [shard(0), shard(1)];
  }
}

async function areFree(...ports: readonly number[]): Promise<boolean> {
  const tries = ports.map(
    (port) =>
      new Promise<boolean>((resolve) => {
        const server = createServer()
          .once('error', () => resolve(false))
          .listen(port, () => server.close(() => resolve(true)));
      }),
  );
  return (await Promise.all(tries)).every(Boolean);
}
