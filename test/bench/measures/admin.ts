import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Agent, request } from 'undici';
import type { AdminBackend, BotObject } from '../../../src/admin/backend.ts';
import { startAdminServer } from '../../../src/admin/server.ts';
import { HEALTH_STATES } from '../../../src/api/health.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { randomToken } from '../../../src/lib/random.ts';
import { createLog } from '../../../src/telemetry/log.ts';
import { botObject, MemoryCatalog } from '../../admin/support/memory-backend.ts';
import { startScript } from '../../support/program.ts';
import type { Reading, ReadingReport } from '../admin/readers.ts';
import type { Measure } from '../bench.ts';
import { median, quantile, table } from '../figures.ts';

const BOTS = 10_000;
const DASHBOARD = [
  '/v1/health/summary',
  '/v1/breakers',
  '/v1/rates',
  '/v1/shards',
  '/v1/bots?limit=50',
];
const READERS = 500;
const EVERY_MS = 5_000;

/**
 * What the admin API takes to answer of 10,000 bots: each answer of the dashboard the first time
 * after a bot has changed, and again while none has; and how much later everything else in the
 * process gets its turn while 500 people have the page open.
 */
export const admin: Measure = async ({ quick, say }) => {
  const bots = new MemoryCatalog<BotObject>(Array.from({ length: BOTS }, (_, index) => bot(index)));
  const token = randomToken();
  const server = await startAdminServer({
    host: '127.0.0.1',
    port: 0,
    names: [],
    page: '/nonexistent',
    deps: {
      backend: backendOf(bots),
      access: {
        authenticate: async (given) =>
          given.reveal() === token ? { name: 'bench', token: given } : undefined,
        may: async () => true,
      },
      clock: systemClock,
      log: createLog({ level: 'warn', format: 'json', destination: { write: say } }),
    },
  });
  const dispatcher = new Agent();
  const url = `http://127.0.0.1:${server.port}`;
  const ask = async (path: string): Promise<number> => {
    const began = performance.now();
    const headers = { authorization: `Bearer ${token}` };
    const { statusCode, body } = await request(url + path, { headers, dispatcher });
    await body.dump();
    if (statusCode !== 200) throw new Error(`${path} answered ${statusCode}`);
    return performance.now() - began;
  };
  try {
    const rows: string[][] = [];
    for (const path of DASHBOARD) {
      say(`${path} …`);
      const [cold, again]: [number[], number[]] = [[], []];
      for (let round = 0; round < (quick ? 20 : 100); round++) {
        bots.put(bot(round));
        cold.push(await ask(path));
        again.push(await ask(path));
      }
      rows.push([`\`${path}\``, ...[cold, again].flatMap(middleAndTail)]);
    }
    const dashboard = table(
      ['10,000 bots', 'changed, median', 'p95', 'again, median', 'p95'],
      rows,
    );
    const seconds = quick ? 10 : 30;
    say(`without readers, ${seconds} s …`);
    const alone = await delays(seconds, bots);
    say(`with ${READERS} readers, ${seconds} s …`);
    await using program = await startScript(
      fileURLToPath(new URL('../admin/readers.ts', import.meta.url)),
    );
    const reading: Reading = { url, token, paths: DASHBOARD, readers: READERS, everyMs: EVERY_MS };
    await program.ask({ ...reading });
    // Until all have come.
    await sleep(2 * EVERY_MS);
    const read = await delays(seconds, bots);
    const { answers, unchanged, failed } = await program.ask<ReadingReport>('report');
    const turns = table(
      ['how much later a turn comes', 'median', 'p99', 'CPU'],
      [
        ['nobody reads', ...alone],
        [`${READERS} readers, each every ${EVERY_MS / 1_000} s`, ...read],
      ],
    );
    return `${dashboard}\n\n${turns}\n\n${answers} answers, ${unchanged} of them unchanged, ${failed} failed.`;
  } finally {
    await dispatcher.close();
    await server.close();
  }
};

/** Every second ten bots change. */
async function delays(seconds: number, bots: MemoryCatalog<BotObject>): Promise<string[]> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const cpu = process.cpuUsage();
  delay.enable();
  for (let round = 0; round < seconds * 10; round++) {
    await sleep(100);
    bots.put(bot(round));
  }
  delay.disable();
  const { user, system } = process.cpuUsage(cpu);
  const ms = (nanoseconds: number): string => `${(nanoseconds / 1e6).toFixed(2)} ms`;
  const percent = (user + system) / 1e4 / seconds;
  return [ms(delay.percentile(50)), ms(delay.percentile(99)), `${percent.toFixed(0)} %`];
}

function middleAndTail(values: readonly number[]): string[] {
  return [median(values), quantile(values, 0.95)].map((ms) => `${ms.toFixed(1)} ms`);
}

let updates = 0;

/** A bot that has just got an update. */
function bot(index: number): BotObject {
  const state = HEALTH_STATES[index % 100 === 0 ? 2 : 0] ?? 'Healthy';
  return botObject(`tenant-${index % 200}/bot-${index}`, {
    phase: 'Running',
    placement: { shard: index % 20, epoch: 1 },
    health: { state, errorRate: 0.5, consecutiveFailures: 0, avgResponseMs: index % 300 },
    breaker: { state: 'Closed', failures: 0 },
    counters: { updates: ++updates, handled: 1, skipped: 0, replies: 1, errors: 0 },
  } as never);
}

function backendOf(bots: MemoryCatalog<BotObject>): AdminBackend {
  const never = (): Promise<never> => Promise.reject(new Error('nobody writes here'));
  return {
    mode: 'cluster',
    bots,
    fleets: new MemoryCatalog([]),
    writer: { patch: never, create: never, ask: never },
    leader: () => ({ holder: null, isThis: true, term: null, since: null }),
    telegramOf: () => ({ apiRoot: 'http://127.0.0.1:1' }),
    history: () => undefined,
    audit: () => undefined,
  };
}
