import { access, chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { BotFleet } from '../../src/api/bot-fleet.ts';
import type { DatabaseAddress } from '../../src/history/database-address.ts';
import { type EmbeddedServer, startEmbedded } from '../../src/history/embedded/server.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { freePort } from '../../src/lib/free-port.ts';
import { stateSchema } from '../../src/standalone/data/state.ts';
import { botWithSecret, makeFolder } from '../standalone/support.ts';
import { type Program, startProgram } from '../support/program.ts';
import { EmbeddedHistory, rowsOf } from '../support/standalone-history.ts';
import { TENANTBOT, tenantbot } from '../support/tenantbot.ts';
import { waitFor } from '../support/wait.ts';

type Rows = <Row>(statement: string) => Promise<readonly Row[]>;

/** A folder with one bot in it, and standalones that run there. */
class Place {
  readonly history: EmbeddedHistory;

  static async make(): Promise<Place> {
    const folder = await makeFolder();
    // Of root's folders others see nothing, and Postgres never runs as root.
    await chmod(folder, 0o711);
    await mkdir(join(folder, 'bots'));
    const bot = botWithSecret({ name: 'one', id: 11, reply: 'hello' });
    await writeFile(join(folder, 'bots', 'one.yaml'), bot);
    return new Place(folder);
  }

  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.history = new EmbeddedHistory(join(folder, '.tenantbot'));
    onTestFinished(() => this.history.kill());
  }

  async start(...flags: readonly string[]): Promise<Program> {
    const command = [process.execPath, TENANTBOT, 'standalone', '--manifests', 'bots', ...flags];
    const program = await startProgram(command, {
      cwd: this.folder,
      env: { TENANTBOT_HISTORY: '' },
      until: /^ready/m,
      timeoutMs: 60_000,
    });
    onTestFinished(() => program.stop('SIGKILL').then(() => undefined));
    return program;
  }

  async chat(times: number): Promise<void> {
    for (let time = 0; time < times; time++) {
      expect((await tenantbot(this.folder, 'send', 'one', '/start')).out).toBe('hello\n');
    }
  }

  /** How many updates of the bot are on disk: they get there within 5 s. */
  async savedUpdates(): Promise<number | undefined> {
    const text = await readFile(join(this.folder, '.tenantbot', 'state.json'), 'utf8');
    return stateSchema.parse(JSON.parse(text)).bots[0]?.status.counters?.updates;
  }

  /** What the fleet says of its history. */
  async condition(): Promise<string> {
    const { out } = await tenantbot(this.folder, 'get', 'botfleets', 'default', '-o', 'json');
    const { status } = JSON.parse(out) as BotFleet;
    const found = status?.conditions?.find(({ type }) => type === 'HistoryAvailable');
    return `${found?.status} ${found?.reason}: ${found?.message}`;
  }
}

/** How often `/start` was handled, by all that was told. */
const STARTS = `select coalesce(sum(calls), 0)::int as n from usage_hourly where command = 'start'`;
/** Per session: how many numbered records there are, and the highest number. */
const NUMBERED = `select session, count(*)::int as kept, max(seq)::int as last from (
  select session, seq from transitions union all select session, seq from health_snapshots
  union all select session, seq from verifications) as records group by session`;
const LAST = `select to_state from transitions where kind = 'lifecycle' order by at desc, seq desc limit 1`;

/** Whatever of a session that has ended is there once, and all of it. */
async function expectWhole(rows: Rows, sessions: number): Promise<void> {
  const numbered = await rows<{ kept: number; last: number }>(NUMBERED);
  expect(numbered).toHaveLength(sessions);
  for (const { kept, last } of numbered) expect(kept).toBe(last);
}

test('a standalone keeps what happens in a Postgres of its own, which ends with it', async () => {
  const place = await Place.make();
  const { history } = place;
  const first = await place.start();
  expect(first.output).toContain('history      in the data folder');
  await place.chat(3);
  await waitFor('the condition', async () => (await place.condition()).startsWith('True Kept'), {
    timeoutMs: 30_000,
    intervalMs: 200,
  });
  const states = (): Promise<readonly { to_state: string }[]> =>
    history.rows(`select to_state from transitions where kind = 'lifecycle' order by seq`);
  await waitFor('its start to be kept', async () => (await states()).length === 2);
  expect(await history.rows('select uid is not null as known, name, username from bots')).toEqual([
    { known: true, name: 'one', username: 'one_bot' },
  ]);

  expect((await tenantbot(place.folder, 'persist', 'one')).out).toMatch(/^default\/one +told$/m);
  await waitFor('what was asked for', async () => {
    const [starts] = await history.rows<{ n: number }>(STARTS);
    const snapshots = await history.rows('select at from health_snapshots');
    return starts?.n === 3 && snapshots.length > 0;
  });
  expect((await tenantbot(place.folder, 'history', 'one')).code).toBe(0);

  const began = performance.now();
  expect(await first.stop('SIGINT')).toEqual({ code: 0, signal: null });
  // 5 s, and what a busy machine adds.
  expect(performance.now() - began).toBeLessThan(8_000);
  expect(await history.isRunning()).toBe(false);

  const second = await place.start();
  await waitFor('the next start to be kept', async () => (await states()).length === 6, {
    timeoutMs: 30_000,
    intervalMs: 100,
  });
  expect((await states()).map(({ to_state }) => to_state)).toHaveLength(6);
  expect(await history.rows(STARTS)).toEqual([{ n: 3 }]);
  expect(
    await history.rows('select updates::int, handled::int, replies::int from health_snapshots'),
  ).toEqual([
    { updates: 3, handled: 3, replies: 3 },
    { updates: 3, handled: 3, replies: 3 },
  ]);
  expect((await history.rows(NUMBERED)).length).toBe(2);
  expect(second.output).not.toContain('WARN');
  await second.stop('SIGINT');

  await rm(join(place.folder, 'bots', 'one.yaml'));
  const third = await place.start();
  await waitFor(
    'the bot to be gone from the history too',
    async () => {
      const bots = await history.rows<{ gone: boolean }>(
        'select deleted_at is not null as gone from bots',
      );
      return bots.length === 1 && bots[0]?.gone;
    },
    { timeoutMs: 30_000, intervalMs: 100 },
  );
  await third.stop('SIGINT');
});

test('killed with -9 it goes on where it was, and nothing is there twice', async () => {
  const place = await Place.make();
  const { history } = place;
  const first = await place.start();
  await place.chat(2);
  await waitFor('its start to be kept', async () => (await history.rows(LAST)).length === 1, {
    timeoutMs: 30_000,
    intervalMs: 100,
  });
  // From there the next goes on: of what is not on disk nobody knows any more.
  await waitFor('both updates to be saved', async () => (await place.savedUpdates()) === 2);
  await first.stop('SIGKILL');
  expect(await history.isRunning()).toBe(true);
  const orphan = await history.process();
  const second = await place.start();
  await waitFor(
    'the next start to be kept',
    async () => (await history.rows(NUMBERED)).length === 2,
    { timeoutMs: 30_000, intervalMs: 100 },
  );
  expect(await history.process()).not.toEqual(orphan);
  await place.chat(1);
  await second.stop('SIGINT');
  const third = await place.start();
  await waitFor('the third start', async () => (await history.rows(NUMBERED)).length === 3, {
    timeoutMs: 30_000,
    intervalMs: 100,
  });
  // What the first had not told yet is lost with it: its counts are told once a minute.
  expect(await history.rows(STARTS)).toEqual([{ n: 1 }]);
  expect(await history.rows('select count(*)::int as n from bots')).toEqual([{ n: 1 }]);
  expect(await history.rows('select updates::int from health_snapshots')).toEqual([{ updates: 3 }]);
  await third.stop('SIGINT');
});

test('without a history there is no Postgres, and the fleet says so', async () => {
  const place = await Place.make();
  const program = await place.start('--no-history');
  expect(program.output).toContain('history      none is kept');
  await place.chat(1);
  expect(await place.condition()).toMatch(/^False NotConfigured: /);
  expect((await tenantbot(place.folder, 'usage', 'one')).err).toContain('no history can be asked');
  await expect(access(join(place.folder, '.tenantbot', 'postgres'))).rejects.toThrow('ENOENT');
  expect(await program.stop('SIGINT')).toEqual({ code: 0, signal: null });
});

test('an address that makes no sense is refused, without being quoted', async () => {
  const place = await Place.make();
  const { code, err } = await tenantbot(
    place.folder,
    'standalone',
    '--history',
    '--database-url=postgres://me:secret@',
  );
  expect(code).toBe(1);
  expect(err).toContain('the database URL');
  expect(err).not.toContain('secret');
});

test('a database that is not there keeps no bot from its work, and is told of once', async () => {
  const place = await Place.make();
  const url = `postgres://me:secret@127.0.0.1:${await freePort()}/history`;
  const program = await place.start('--database-url', url);
  await place.chat(2);
  await program.says(/no history is kept for now: .*it does not answer/);
  expect(await place.condition()).toMatch(/^False Unavailable: .*it does not answer/);
  await waitFor('words of records that wait', () => program.output.includes('records'), {
    timeoutMs: 30_000,
  });
  const began = performance.now();
  expect(await program.stop('SIGINT')).toEqual({ code: 0, signal: null });
  // 5 s, and what a busy machine adds.
  expect(performance.now() - began).toBeLessThan(8_000);
  expect(program.output.match(/it does not answer/g)?.length).toBeLessThanOrEqual(2);
  expect(program.output).not.toContain('secret');
});

test('a Postgres that is killed is started again, and nothing is missing', async () => {
  const place = await Place.make();
  const { history } = place;
  const program = await place.start();
  await waitFor('its start to be kept', async () => (await history.rows(LAST)).length === 1, {
    timeoutMs: 30_000,
    intervalMs: 100,
  });
  const server = await history.process();
  process.kill(server?.pid ?? 0, 'SIGKILL');
  await place.chat(3);
  await waitFor(
    'another server',
    async () => (await history.isRunning()) && (await history.process())?.pid !== server?.pid,
    { timeoutMs: 30_000 },
  );
  expect(program.output).toContain('the Postgres of the history has ended; it is started again');
  await place.chat(1);
  await program.stop('SIGINT');
  const next = await place.start();
  await waitFor('the next start', async () => (await history.rows(NUMBERED)).length === 2, {
    timeoutMs: 30_000,
    intervalMs: 100,
  });
  await expectWhole((statement) => history.rows(statement), 2);
  expect(await history.rows(STARTS)).toEqual([{ n: 4 }]);
  await next.stop('SIGINT');
});

/** A server that can go and come back at the same place. */
class Elsewhere {
  readonly port: number;
  readonly #folder: string;
  readonly #sockets = new Set<Socket>();
  #server: EmbeddedServer | undefined;

  static async start(): Promise<Elsewhere> {
    const elsewhere = new Elsewhere(join(await makeFolder(), 'postgres'), await freePort());
    const gate = createServer((client) => elsewhere.#join(client));
    await new Promise<void>((resolve) => {
      gate.listen(elsewhere.port, '127.0.0.1', resolve);
    });
    onTestFinished(async () => {
      gate.close();
      await elsewhere.goAway();
    });
    await elsewhere.comeBack();
    return elsewhere;
  }

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.port = port;
  }

  get address(): DatabaseAddress {
    if (!this.#server) throw new Error('it is away');
    return this.#server.address;
  }

  /** Its address for everybody else. */
  get url(): string {
    return this.address.url.reveal().replace(/:\d+\//, `:${this.port}/`);
  }

  async goAway(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    await server?.stop();
  }

  async comeBack(): Promise<void> {
    this.#server = await startEmbedded(this.#folder, systemClock, AbortSignal.timeout(60_000));
  }

  #join(client: Socket): void {
    const [, port = '1'] = /:(\d+)\//.exec(this.#server?.address.url.reveal() ?? '') ?? [];
    const server = connect(Number(port), '127.0.0.1');
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
      from.pipe(to);
    }
  }
}

test('a database that was away is caught up with, by shards in processes too', async () => {
  const place = await Place.make();
  const elsewhere = await Elsewhere.start();
  const { url } = elsewhere;
  const rows: Rows = (statement) => rowsOf(elsewhere.address, statement);
  const program = await place.start('--database-url', url, '--shards=2');
  await waitFor('its start to be kept', async () => (await rows(LAST)).length === 1, {
    timeoutMs: 30_000,
    intervalMs: 100,
  });
  await elsewhere.goAway();
  await place.chat(2);
  await tenantbot(place.folder, 'restart', 'one');
  await waitFor('it to be noticed', async () =>
    (await place.condition()).startsWith('False Unavailable'),
  );
  await elsewhere.comeBack();
  await waitFor('it to be noticed', async () => (await place.condition()).startsWith('True Kept'), {
    timeoutMs: 60_000,
    intervalMs: 500,
  });
  await place.chat(2);
  expect(await program.stop('SIGINT')).toEqual({ code: 0, signal: null });
  await expectWhole(rows, 1);
  expect(await rows(STARTS)).toEqual([{ n: 4 }]);
  expect(await rows(LAST)).toEqual([{ to_state: 'Stopped' }]);
  expect(program.output).not.toContain(url);
});
