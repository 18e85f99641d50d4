import { Registry } from 'prom-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { BotKey } from '../../src/api/group.ts';
import { UNKNOWN_HEALTH } from '../../src/api/health.ts';
import { NOTHING_DONE, type RuntimeFacts } from '../../src/api/runtime-facts.ts';
import { type MeteredBot, meterBots } from '../../src/runtime/bot-metrics.ts';
import { Runtime } from '../../src/runtime/runtime.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { botAssignment, fleetSpec } from '../support/assignments.ts';
import { MemoryPort } from '../support/memory-port.ts';
import { waitFor } from '../support/wait.ts';

const SERIES_OF_A_BOT = 9;

async function series(registry: Registry): Promise<readonly string[]> {
  const text = await registry.metrics();
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

/** What a runtime shows that hosts so many bots, none of which may call Telegram. */
async function shown(bots: number, botMetrics: number): Promise<readonly string[]> {
  const registry = new Registry();
  const port = new MemoryPort();
  const log = createLog({
    level: 'error',
    format: 'json',
    destination: { write: () => undefined },
  });
  const stop = new AbortController();
  const ended = new Runtime({ port, log, registry, botMetrics }).start(stop.signal);
  onTestFinished(async () => {
    stop.abort();
    await ended;
  });
  const assignments = Array.from({ length: bots }, (_, index) =>
    botAssignment({
      name: `bot-${index}`,
      token: 'no token',
      handlers: [{ text: { prefix: 'x', reply: { text: 'y' } } }],
    }),
  );
  port.assign({ fleet: fleetSpec('http://127.0.0.1:1'), shards: 1, bots: assignments });
  const told = async () => {
    const { values = [] } = (await registry.getSingleMetric('tenantbot_bots_health')?.get()) ?? {};
    return values.reduce((sum, { value }) => sum + value, 0);
  };
  await waitFor('all bots', async () => (await told()) === bots, {
    timeoutMs: 30_000,
    intervalMs: 100,
  });
  return series(registry);
}

const ofBots = (lines: readonly string[]) => lines.filter((line) => line.includes('bot="'));

describe('the metrics of a runtime with 10,000 bots', () => {
  it('are of bounded number', { timeout: 60_000 }, async () => {
    const lines = await shown(10_000, 100);
    expect(ofBots(lines)).toHaveLength(100 * SERIES_OF_A_BOT);
    const few = await shown(3, 0);
    expect(ofBots(few)).toEqual([]);
    expect(lines.length - ofBots(lines).length).toBe(few.length);
  });
});

function bot(name: string, change: Partial<RuntimeFacts> = {}): MeteredBot {
  const key: BotKey = `shop/${name}`;
  const facts = { ...NOTHING_DONE, lifecycle: 'Running', generation: 1 } as const;
  return { key, facts: { ...facts, token: { state: 'Valid', message: '' }, ...change } };
}

describe('the bots that are shown', () => {
  const traffic = (updates: number) => ({ counters: { ...NOTHING_DONE.counters, updates } });

  it('are those in trouble, then the busiest', async () => {
    const registry = new Registry();
    const health = { ...UNKNOWN_HEALTH, state: 'Unhealthy', errorRate: 60 } as const;
    const bots = [bot('quiet'), bot('busy', traffic(9)), bot('busier', traffic(10))];
    meterBots(registry, { top: 2, bots: () => [...bots, bot('ill', { health })] });
    const lines = await series(registry);
    expect(lines).toContain('tenantbot_bot_health{bot="shop/ill",state="Unhealthy"} 1');
    expect(lines).toContain('tenantbot_bot_failed_ratio{bot="shop/ill"} 0.6');
    expect(lines).toContain('tenantbot_bot_updates_total{bot="shop/busier"} 10');
    expect(lines).toHaveLength(2 * SERIES_OF_A_BOT);
  });

  it('are forgotten when they are gone', async () => {
    const registry = new Registry();
    let bots = [bot('old', traffic(1))];
    meterBots(registry, { top: 5, bots: () => bots });
    await series(registry);
    bots = [bot('new', traffic(2))];
    expect((await series(registry)).filter((line) => line.includes('old'))).toEqual([]);
  });
});
