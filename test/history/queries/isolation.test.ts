import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { parseDatabaseUrl } from '../../../src/history/database-address.ts';
import type { HistoryQuery } from '../../../src/history/queries/query.ts';
import { HistoryReader } from '../../../src/history/queries/reader.ts';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { Secret } from '../../../src/lib/secret.ts';
import { History, MINUTE, NOW, silent } from './history.ts';

type Query = HistoryQuery<z.ZodType, unknown>;

const FOLDER = join(import.meta.dirname, '../../../src/history/queries');

/** Every query that there is, whatever file it is in. */
const queries: Query[] = [];
for (const file of readdirSync(FOLDER)) {
  const exported: unknown[] = Object.values((await import(join(FOLDER, file))) as object);
  queries.push(
    ...exported.filter(
      (one): one is Query =>
        typeof one === 'object' && one !== null && 'args' in one && 'run' in one,
    ),
  );
}

/** What each query has to be asked, beside what it asks of all. */
const ARGS: Readonly<Record<string, object>> = {
  'bot history': { namespace: 'b', name: 'bot' },
  'transition list': { namespace: 'b', name: 'bot' },
};

/** Arguments that are refused, and what the words have to say. */
const TEXTS = [
  "'; drop table tenantbot.bots; --",
  '" or true --',
  '%',
  '\\',
  '\0',
  '\uD800',
  'ä'.repeat(400),
];

let history: History;
let beyond: HistoryReader;

const argsOf = ({ name }: Query): object => ARGS[name] ?? {};

/** Puts a row into every table, for a bot in a namespace. */
async function populate(namespace: string): Promise<void> {
  const bot = await history.bot('bot', namespace);
  const ill = { health: 'Unhealthy', breaker: 'Open', error_percent: 70, avg_response_ms: 900 };
  await history.snapshots(bot, { at: NOW - MINUTE, updates: 5, ...ill });
  await history.transitions(bot, {
    at: NOW - MINUTE,
    to_state: 'Unhealthy',
    cause: `of ${namespace}`,
  });
  await history.usage(
    bot,
    { method: 'sendMessage', calls: 3 },
    { update_kind: 'message', command: `only-${namespace}`, outcome: 'handled', calls: 4 },
  );
  await history.errors(bot, { fingerprint: `f-${namespace}`, hour: NOW, errors: 2 });
  await history.insert('audit_log', { at: NOW, actor: 'me', action: 'test', namespace }, [{}]);
  await history.verifications(bot, { at: NOW, outcome: 'Prompted' });
}

beforeAll(async () => {
  history = await History.make();
  await history.run("select ensure_audit_month('2026-01-01')");
  const { name } = history.database;
  const server = new URL(history.database.url);
  await history.database.rows(
    `create role beyond_${name} login superuser password 'secret'`,
    'superuser',
  );
  const url = `postgres://beyond_${name}:secret@${server.host}/${name}`;
  const clock = new AdjustableClock({ startWallMs: NOW });
  beyond = await HistoryReader.open(parseDatabaseUrl(new Secret(url)), { clock, log: silent });
});
afterAll(async () => {
  await beyond.close();
  await history.close();
});

test('there are queries, each with a name of its own', () => {
  expect(queries.length).toBeGreaterThanOrEqual(12);
  expect(new Set(queries.map(({ name }) => name)).size).toBe(queries.length);
  expect(queries.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(ARGS)));
});

test('none shows anything of a namespace that is not allowed', async () => {
  const answers = (
    reader: HistoryReader,
    namespaces: '*' | readonly string[],
    prepare = (one: Query) => one,
  ) =>
    Promise.all(
      queries.map(async (query) => {
        return [query.name, await reader.ask(prepare(query), namespaces, argsOf(query))] as const;
      }),
    ).then(Object.fromEntries<unknown>);
  const ofNothing = await answers(history.reader, '*');
  await populate('a');
  const onlyA = await answers(history.reader, ['a']);
  await populate('b');
  const all = await answers(history.reader, '*');
  const onlyB = await answers(history.reader, ['b']);
  for (const { name } of queries) {
    const { [name]: shown } = all;
    expect.soft(shown, `${name} shows more to those who may see all`).not.toEqual(onlyA[name]);
    expect.soft(onlyB[name], `${name} shows what is allowed`).not.toEqual(ofNothing[name]);
  }
  expect(await answers(history.reader, ['a'])).toEqual(onlyA);
  expect(await answers(history.reader, [])).toEqual(ofNothing);
  expect(await answers(history.reader, ['none'])).toEqual(ofNothing);
  // Each of the two holds without the other: what the query says, and row-level security.
  expect(await answers(beyond, ['a'])).toEqual(onlyA);
  expect(await answers(beyond, [])).toEqual(ofNothing);
  const careless = (query: Query): Query => ({
    ...query,
    run: (asking, args) => query.run({ ...asking, namespaces: '*' }, args),
  });
  expect(await answers(history.reader, ['a'], careless)).toEqual(onlyA);
  expect(await answers(history.reader, [], careless)).toEqual(ofNothing);
});

describe.each(queries.map((query) => [query.name, query] as const))('%s', (_name, query) => {
  const shape = Object.entries((query.args as z.ZodObject).shape);
  const ask = (args: object) => history.reader.ask(query, '*', { ...argsOf(query), ...args });
  const accepts = (field: string, value: unknown): boolean =>
    (query.args as z.ZodObject).shape[field]?.safeParse(value).success === true;

  test('takes no value that is out of its range, and says which there is', async () => {
    const ranges = { hours: 168, days: 366, limit: 1_000, snapshotSeconds: 3_600 };
    for (const [field, most] of Object.entries(ranges)) {
      if (!shape.some(([name]) => name === field)) continue;
      const least = field === 'snapshotSeconds' ? 60 : 1;
      for (const value of [0, -1, most + 1, 1e9, 1.5, Number.NaN, Infinity, 'all', null, [1]]) {
        const words = `${query.name}: ${field}: must be a whole number from ${least} to ${most}`;
        await expect(ask({ [field]: value }), `${field}=${String(value)}`).rejects.toThrow(words);
      }
      await ask({ [field]: least });
      await ask({ [field]: most });
    }
  });

  test('takes text for what it is', async () => {
    for (const [field] of shape) {
      for (const text of TEXTS) {
        const asked = ask({ [field]: text });
        if (accepts(field, text)) await asked;
        else
          await expect(asked, `${field}: ${text}`).rejects.toMatchObject({ code: 'QUERY_INVALID' });
      }
    }
    expect(await history.run('select from bots')).not.toEqual([]);
  });

  test('knows no other field, and no time zone that there is not', async () => {
    await expect(ask({ namespaces: '*' })).rejects.toThrow('is not a known field');
    if (!shape.some(([name]) => name === 'timeZone')) return;
    for (const timeZone of ['Mars/Olympus', '+02:00', "UTC'; --", '', 'x'.repeat(65)]) {
      const words = 'must be the name of a time zone, such as Europe/Berlin or UTC';
      await expect(ask({ timeZone })).rejects.toThrow(words);
    }
  });

  test('goes on from nowhere but the page before', async () => {
    if (!shape.some(([name]) => name === 'after')) return;
    const keys = [[], [1], ['x', 'y', 'z'], [1, "'; --"], {}, null];
    const texts = keys.map((key) => Buffer.from(JSON.stringify(key)).toString('base64url'));
    for (const after of ['', 'x', '\0', ...texts]) {
      if (accepts('after', after)) await ask({ after });
      else await expect(ask({ after })).rejects.toThrow('must be "next" of the page before');
    }
  });
});
