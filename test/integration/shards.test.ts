import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { LocalClient } from '../../src/cli/local-client.ts';
import { EmulatorClient } from '../../src/emulator/control-client.ts';
import { identifyProcess, isRunning } from '../../src/lib/process-identity.ts';
import { readEndpoint } from '../../src/standalone/data/endpoint-file.ts';
import { ECHO, Traffic } from '../e2e/support/traffic.ts';
import { makeFolder, tokenOf } from '../standalone/support.ts';
import { busiestSecond, meanRate } from '../support/call-rate.ts';
import type { EmulatorAddresses } from '../support/emulator-program.ts';
import { type Program, startProgram, startScript } from '../support/program.ts';
import { TENANTBOT, tenantbot } from '../support/tenantbot.ts';
import { waitFor } from '../support/wait.ts';

const API_VERSION = 'tenantbot.dev/v1alpha1';
const START_MS = 60_000;
const EVERYTHING = { limit: 100_000 };

/** A standalone in several processes, and an emulator in one of its own. */
class World {
  readonly emulator: EmulatorClient;
  readonly bots: readonly number[];
  readonly #folder: string;
  readonly #addresses: EmulatorAddresses;

  constructor(folder: string, addresses: EmulatorAddresses, bots: readonly number[]) {
    this.#folder = folder;
    this.#addresses = addresses;
    this.emulator = new EmulatorClient(addresses.controlUrl);
    this.bots = bots;
  }

  /** From now on there are no other bots than these. */
  async keep(bots: readonly number[], fleet: object = {}): Promise<void> {
    const path = join(this.#folder, 'bots', 'all.json');
    await writeFile(path, JSON.stringify(manifests(bots, fleet)));
  }

  async start(shards: number, ...flags: readonly string[]): Promise<Program> {
    const { apiRoot, controlUrl } = this.#addresses;
    const command = [process.execPath, TENANTBOT, 'standalone', '--manifests', 'bots'];
    const telegram = ['--api-root', apiRoot, '--emulator-control', controlUrl];
    const program = await startProgram([...command, ...telegram, `--shards=${shards}`, ...flags], {
      cwd: this.#folder,
      until: /^ready: (\d+) of \1 bots answer/m,
      timeoutMs: START_MS,
    });
    onTestFinished(async () => {
      for (const pid of (await this.processes()).values()) kill(pid);
      await program.stop('SIGKILL');
    });
    return program;
  }

  command(...args: readonly string[]) {
    return tenantbot(this.#folder, ...args);
  }

  /** The shard of each bot, by name. */
  async shards(): Promise<ReadonlyMap<string, number | undefined>> {
    const data = join(this.#folder, '.tenantbot');
    const client = new LocalClient(await readEndpoint(data), data);
    const bots = await client.list({ plural: 'tenantbots', namespace: 'default' });
    return new Map(
      bots.map(({ metadata, status }) => {
        const { placement } = (status ?? {}) as { placement?: { shard: number } };
        return [metadata.name, placement?.shard];
      }),
    );
  }

  /** The processes of shards, by ordinal. */
  async processes(): Promise<ReadonlyMap<number, number>> {
    const folder = join(this.#folder, '.tenantbot', 'shards');
    const files = (await readdir(folder)).filter((name) => name.endsWith('.pid'));
    const found = files.map(async (name) => {
      const { pid } = JSON.parse(await readFile(join(folder, name), 'utf8')) as { pid: number };
      return [Number(name.split('.')[1]), pid] as const;
    });
    return new Map(await Promise.all(found));
  }

  /** Polls that another poller has ended. */
  async conflicts(): Promise<unknown[]> {
    const calls = await this.emulator.calls(EVERYTHING);
    return calls.filter(({ outcome }) => outcome?.status === 409 && !outcome.clientGone);
  }
}

function manifests(bots: readonly number[], fleet: object): object {
  const items = bots.flatMap((id) => {
    const name = `bot-${id}`;
    return [
      {
        apiVersion: API_VERSION,
        kind: 'TenantBot',
        metadata: { name },
        spec: { tokenSecretRef: { name }, ...ECHO },
      },
      { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData: { token: tokenOf(id) } },
    ];
  });
  const metadata = { name: 'default' };
  const own = { apiVersion: API_VERSION, kind: 'BotFleet', metadata, spec: fleet };
  return { apiVersion: 'v1', kind: 'List', items: [own, ...items] };
}

async function open(bots: number, fleet: object = {}): Promise<World> {
  const emulator = await startScript(join(import.meta.dirname, '../support/emulator-program.ts'));
  onTestFinished(async () => {
    await emulator.stop('SIGKILL');
  });
  const folder = await makeFolder();
  const ids = Array.from({ length: bots }, (_, index) => index + 1);
  await mkdir(join(folder, 'bots'));
  const world = new World(folder, await emulator.ask<EmulatorAddresses>('addresses'), ids);
  await world.keep(ids, fleet);
  return world;
}

/** How many bots each shard has, in order. */
function spread(shards: ReadonlyMap<string, number | undefined>): number[] {
  const counts: number[] = [];
  for (const shard of shards.values()) {
    if (shard !== undefined) counts[shard] = (counts[shard] ?? 0) + 1;
  }
  return counts;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

async function gone(pids: Iterable<number>): Promise<void> {
  for (const pid of pids) {
    const process = await identifyProcess(pid);
    const isGone = async () => !(await isRunning(process));
    await waitFor(`the end of process ${pid}`, isGone, { timeoutMs: 20_000 });
  }
}

describe('a standalone with shards', () => {
  test('runs bots in processes; one that is killed is started again, and nothing is lost', async () => {
    const world = await open(12);
    const program = await world.start(3);
    expect(spread(await world.shards())).toEqual([4, 4, 4]);
    expect((await world.command('get', 'bot-1')).out).toMatch(/SHARD/);
    expect((await world.command('send', 'bot-1', '/echo hello')).out).toContain('echo hello');
    const before = await world.processes();
    expect(before.size).toBe(3);
    const started = program.output.split('\n').filter((line) => line.includes('runtime started'));
    const named = started.map((line) => /"shard":"([^"]+)"/.exec(line)?.[1]);
    expect(new Set(named)).toEqual(new Set(['default/0', 'default/1', 'default/2']));

    const traffic = new Traffic(world.emulator, world.bots, { pauseMs: 20 });
    await traffic.more(100);
    for (const [ordinal, pid] of before) {
      process.kill(pid, 'SIGKILL');
      await waitFor(`shard ${ordinal} to be at work again`, async () => {
        const now = (await world.processes()).get(ordinal);
        return now !== undefined && now !== pid;
      });
      await traffic.more(150);
    }
    const report = await traffic.report();
    expect(report).toMatchObject({ lost: 0 });
    expect(report.doubled).toBeLessThanOrEqual(3);
    expect(await world.conflicts()).toEqual([]);
    expect(spread(await world.shards())).toEqual([4, 4, 4]);
    console.log(`${report.said} words, ${report.doubled} doubled, slowest ${report.slowestMs} ms`);

    const after = [...(await world.processes()).values()];
    const stoppedMs = performance.now();
    expect(await program.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    // 5 s, and what a busy machine adds.
    expect(performance.now() - stoppedMs).toBeLessThan(8_000);
    await gone(after);
  });

  test('when it is killed its processes end, and the next one keeps places as far as it can', async () => {
    const world = await open(12);
    const killed = await world.start(3);
    const traffic = new Traffic(world.emulator, world.bots, { pauseMs: 20 });
    await traffic.more(50);
    const before = await world.shards();
    const orphans = [...(await world.processes()).values()];
    const [stopped = 0] = orphans;
    // This one can't notice that its parent is gone.
    process.kill(stopped, 'SIGSTOP');
    killed.signal('SIGKILL');
    await gone(orphans.slice(1));

    const more = await world.start(4);
    await gone([stopped]);
    const after = await world.shards();
    expect(spread(after)).toEqual([3, 3, 3, 3]);
    expect([...after].filter(([name, shard]) => before.get(name) !== shard)).toHaveLength(3);
    await more.stop('SIGTERM');

    const alone = await world.start(1);
    expect(spread(await world.shards())).toEqual([12]);
    expect(await traffic.report()).toMatchObject({ lost: 0 });
    expect(await world.conflicts()).toEqual([]);
    await alone.stop('SIGTERM');
  });

  test('evens its processes out, and no bot is polled twice for that', async () => {
    const world = await open(12);
    await world.start(3);
    const before = await world.shards();
    const onFirst = world.bots.filter((id) => before.get(`bot-${id}`) === 0);
    const kept = world.bots.filter((id) => !onFirst.slice(1).includes(id));
    const traffic = new Traffic(world.emulator, kept, { pauseMs: 10 });
    await traffic.more(50);
    await world.keep(kept);
    await waitFor(
      'as many bots on each shard',
      async () => {
        const counts = spread(await world.shards());
        return counts.every((count) => count === 3);
      },
      { timeoutMs: 60_000, intervalMs: 200 },
    );
    await traffic.more(100);
    expect(await traffic.report()).toMatchObject({ lost: 0, doubled: 0 });
    expect(await world.conflicts()).toEqual([]);
    const after = await world.shards();
    const moved = kept.filter((id) => after.get(`bot-${id}`) !== before.get(`bot-${id}`));
    expect(moved).toHaveLength(2);
  });

  test('keeps the limit of a fleet in every second, and makes use of it', async () => {
    const cap = 50;
    const world = await open(30, { rateLimits: { perSecond: cap } });
    const killed = await world.start(3);
    const traffic = new Traffic(world.emulator, world.bots, { pauseMs: 10, talkers: 4 });
    const times = async (): Promise<number[]> => {
      const calls = await world.emulator.calls(EVERYTHING);
      return calls.map(({ startedAtMs }) => startedAtMs).toSorted((a, b) => a - b);
    };
    const begun = (await times()).length;
    const first = await waitFor(
      'a quarter of a minute of calls',
      async () => {
        const made = (await times()).slice(begun);
        return made.length >= 15 * cap && made;
      },
      { timeoutMs: 60_000, intervalMs: 500 },
    );
    expect(busiestSecond(first)).toBeLessThanOrEqual(cap);
    const use = meanRate(first, 3_000) / cap;
    // All processes and who talks to them share the cores: the figure is printed.
    expect(use).toBeGreaterThanOrEqual(0.6);

    await killed.stop('SIGKILL');
    await world.start(3);
    await traffic.more(200);
    await traffic.end();
    const all = await times();
    expect(busiestSecond(all)).toBeLessThanOrEqual(cap);
    console.log(
      `${all.length} calls, at most ${busiestSecond(all)} in a second of ${cap}; ${Math.round(100 * use)} % used`,
    );
  });

  test('refuses a port for webhooks, in words', async () => {
    const folder = await makeFolder();
    const both = await tenantbot(folder, 'standalone', '--shards=2', '--webhook-port=0');
    expect(both.code).toBe(1);
    expect(both.err).toContain('--webhook-port does not go with --shards');
  });
});
