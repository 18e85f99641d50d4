import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { runErrors } from '../../../src/cli/commands/errors.ts';
import { runHistory } from '../../../src/cli/commands/history.ts';
import { runIncidents } from '../../../src/cli/commands/incidents.ts';
import type { Io } from '../../../src/cli/commands/io.ts';
import { runUsage } from '../../../src/cli/commands/usage.ts';
import { LocalClient } from '../../../src/cli/local-client.ts';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { Secret } from '../../../src/lib/secret.ts';
import { RetryStatistics } from '../../../src/runtime/pipeline/retries/retry-statistics.ts';
import { ownerAccess } from '../../../src/standalone/admin-api/owner-access.ts';
import { writeEndpoint } from '../../../src/standalone/data/endpoint-file.ts';
import { type LocalApi, startLocalApi } from '../../../src/standalone/local-api/server.ts';
import { ObjectStore } from '../../../src/standalone/object-store.ts';
import { openAdmin } from '../../admin/support/admin-world.ts';
import { MemoryCatalog, memoryBackend } from '../../admin/support/memory-backend.ts';
import { tenantbot } from '../../support/tenantbot.ts';
import { DAY, History, HOUR, MINUTE, NOW, silent } from './history.ts';

const token = new Secret('token-of-the-tests');
const PERSON = { output: undefined, isTerminal: true };
const PIPE = { output: undefined, isTerminal: false };

let history: History;
let api: LocalApi;
let isKept = true;

beforeAll(async () => {
  history = await History.make();
  api = await startLocalApi({
    port: 0,
    token,
    objects: new ObjectStore(),
    problems: () => [],
    conversation: undefined,
    ask: () => undefined,
    retries: new RetryStatistics(new AdjustableClock()),
    history: () => (isKept ? history.reader : undefined),
    log: silent,
  });
  const bot = await history.bot('greeter', 'default');
  await history.snapshots(
    bot,
    { at: NOW - 40 * MINUTE, updates: 10, avg_response_ms: 80 },
    {
      at: NOW - 5 * MINUTE,
      updates: 30,
      errors: 4,
      error_percent: 60,
      avg_response_ms: 160,
      health: 'Unhealthy',
      breaker: 'Open',
    },
  );
  await history.transitions(
    bot,
    { at: NOW - 100 * MINUTE, to_state: 'Degraded', cause: '=1+1' },
    { at: NOW - 90 * MINUTE, to_state: 'Healthy' },
    { at: NOW - 5 * MINUTE, to_state: 'Unhealthy', cause: '5 failed in a row' },
  );
  await history.usage(
    bot,
    { method: 'sendMessage', calls: 8, latency_buckets: [0, 0, 0, 0, 8] },
    { method: 'sendMessage', calls: 2, outcome: 'failed' },
    { method: 'sendMessage', calls: 5, hour: NOW - DAY },
    {
      update_kind: 'message',
      command: 'start',
      chat_kind: 'private',
      outcome: 'handled',
      calls: 3,
    },
    { update_kind: 'message', outcome: 'skipped', calls: 2, hour: NOW - HOUR },
  );
  await history.errors(bot, {
    fingerprint: 'abc',
    hour: NOW,
    errors: 4,
    sample: 'Bad Request: no',
  });
});
afterAll(async () => {
  await api.close();
  await history.close();
});

const greeter = { namespace: 'default', name: 'greeter' };

/** What a command prints. */
async function said(run: (client: LocalClient, io: Io) => Promise<void>) {
  const lines = { out: '', err: '' };
  const client = new LocalClient({ url: api.url, adminUrl: api.url, token, pid: 1 }, 'data');
  await run(client, {
    out: (line) => void (lines.out += `${line}\n`),
    err: (line) => void (lines.err += `${line}\n`),
  });
  return lines;
}

test('history has a row for each step, gaps among them', async () => {
  const { out, err } = await said((client, io) =>
    runHistory(client, { ...greeter, hours: 1, ...PIPE }, io),
  );
  expect(err).toBe('');
  expect(out.split('\n')).toEqual([
    'AT                         HEALTH      BREAKER   ERRORS   ERROR-%   AVG-MS   UPDATES   RATE-LIMITED   RESTARTS',
    '2026-01-31T11:00:00.000Z   -           -         -        -         -        -         -              -',
    '2026-01-31T11:10:00.000Z   -           -         -        -         -        -         -              -',
    '2026-01-31T11:20:00.000Z   Healthy     Closed    0        0         80       0         0              0',
    '2026-01-31T11:30:00.000Z   -           -         -        -         -        -         -              -',
    '2026-01-31T11:40:00.000Z   -           -         -        -         -        -         -              -',
    '2026-01-31T11:50:00.000Z   Unhealthy   Open      4        60        160      20        0              0',
    '2026-01-31T12:00:00.000Z   -           -         -        -         -        -         -              -',
    '',
  ]);
});

test('on a terminal there are sparklines above', async () => {
  const { out } = await said((client, io) =>
    runHistory(client, { ...greeter, hours: 1, ...PERSON }, io),
  );
  expect(out.split('\n').slice(0, 4)).toEqual([
    'errors       ▁  █    at most 60 %',
    'response     ▄  █    at most 160 ms',
    'updates      ▁  █    at most 20',
    '',
  ]);
});

test('json and csv have no sparklines, on a terminal either', async () => {
  for (const isTerminal of [true, false]) {
    const json = await said((client, io) =>
      runHistory(client, { ...greeter, hours: 1, isTerminal, output: 'json' }, io),
    );
    expect(JSON.parse(json.out)).toMatchObject({ stepSeconds: 600 });
    const csv = await said((client, io) =>
      runErrors(client, { ...greeter, days: 7, isTerminal, output: 'csv' }, io),
    );
    const hour = '2026-01-31T12:00:00.000Z';
    expect(csv.out).toBe(
      `ERRORS,FIRST,LAST,FINGERPRINT,SAMPLE\r\n4,${hour},${hour},abc,Bad Request: no\n`,
    );
  }
});

test('incidents, the latest first; what goes on has no end', async () => {
  const { out } = await said((client, io) =>
    runIncidents(client, { ...greeter, hours: 24, nowMs: NOW, ...PIPE }, io),
  );
  expect(out.split('\n')).toEqual([
    'NAME      KIND     WORST       BEGIN                      END                        LASTED   ERRORS   CAUSE',
    'greeter   health   Unhealthy   2026-01-31T11:55:00.000Z   -                          5m       4        5 failed in a row',
    'greeter   health   Degraded    2026-01-31T10:20:00.000Z   2026-01-31T10:30:00.000Z   10m      -        =1+1',
    '',
  ]);
  const all = { namespace: undefined, name: undefined, hours: 24, nowMs: NOW };
  const csv = await said((client, io) =>
    runIncidents(client, { ...all, ...PIPE, output: 'csv' }, io),
  );
  expect(csv.out).toContain('default,greeter,health,Degraded,');
  expect(csv.out).toContain(",,'=1+1");
});

test('usage with what it was before, commands and busiest times', async () => {
  const asked = { ...greeter, days: 1, timeZone: 'Europe/Berlin' };
  const { out } = await said((client, io) => runUsage(client, { ...asked, ...PERSON }, io));
  expect(out.split('\n')).toEqual([
    'updates   ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▆█',
    'calls     ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁█',
    '',
    '                    LAST DAY                                   CHANGE',
    'updates             5 (handled 3, skipped 2)                   -',
    'calls to Telegram   10 (ok 8, failed 2)                        +100 %',
    'calls that failed   20 %',
    'response time       median 75 ms, p95 100 ms                   -',
    'commands            /start 3',
    'chats               private 60 %, none 40 %',
    'busiest             13:00 to 13:59, Saturday (Europe/Berlin)',
    '',
  ]);
  const csv = await said((client, io) =>
    runUsage(client, { ...asked, ...PIPE, output: 'csv' }, io),
  );
  expect(csv.out.split('\r\n')).toHaveLength(25);
  expect(csv.out).toMatch(/2026-01-31T12:00:00.000Z,10,2,3\n$/);
});

test('errors by how often they came', async () => {
  const ask = (view: typeof PERSON) =>
    said((client, io) => runErrors(client, { ...greeter, days: 1, ...view }, io));
  expect((await ask(PIPE)).out).toMatch(/^ERRORS +FIRST .*\n4 +2026.*abc +Bad Request: no\n$/);
  expect((await ask(PERSON)).out).toMatch(/^ERRORS +TREND .*\n4 +▁+█ +2026/);
});

test('where there is nothing it is said', async () => {
  const nobody = { namespace: 'default', name: 'nobody' };
  const runs = [
    (client: LocalClient, io: Io) => runHistory(client, { ...nobody, hours: 5, ...PIPE }, io),
    (client: LocalClient, io: Io) =>
      runUsage(client, { ...nobody, days: 5, timeZone: 'UTC', ...PIPE }, io),
    (client: LocalClient, io: Io) => runErrors(client, { ...nobody, days: 5, ...PIPE }, io),
    (client: LocalClient, io: Io) =>
      runIncidents(client, { ...nobody, hours: 5, nowMs: NOW, ...PIPE }, io),
  ];
  for (const run of runs) {
    const { out, err } = await said(run);
    expect(out).toBe('');
    expect(err).toMatch(/default\/nobody/);
    expect(err).toMatch(/last 5 (h|days)/);
  }
});

test('bad input is refused in words', async () => {
  const ask = (change: object) =>
    said((client, io) => runHistory(client, { ...greeter, hours: 24, ...PIPE, ...change }, io));
  for (const hours of [0, 169, -1, 1e9, Number.NaN]) {
    await expect(ask({ hours })).rejects.toThrow('hours: must be a whole number from 1 to 168');
  }
  await expect(ask({ output: 'xml' })).rejects.toThrow(
    'must be one of table, json, csv, not "xml"',
  );
  await expect(ask({ name: "x'; drop table bots" })).rejects.toThrow('name: must consist of');
  const everywhere = { namespace: undefined, name: 'greeter', hours: 1, nowMs: NOW, ...PIPE };
  await expect(said((client, io) => runIncidents(client, everywhere, io))).rejects.toThrow('or -A');
});

test('without a history it is said, and how to have one', async () => {
  isKept = false;
  try {
    const asked = said((client, io) => runErrors(client, { ...greeter, days: 1, ...PIPE }, io));
    await expect(asked).rejects.toMatchObject({ code: 'HISTORY_OFF' });
  } finally {
    isKept = true;
  }
});

describe('docs/history.md', () => {
  const docs = readFileSync(join(import.meta.dirname, '../../../docs/history.md'), 'utf8');
  const [, block = ''] = /^## Asking\n+```sh\n(.*?)^```$/ms.exec(docs) ?? [];
  const commands = block.split('\n').filter((line) => line !== '');

  test('has commands that work as written', { timeout: 120_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tenantbot-asking-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    mkdirSync(join(folder, '.tenantbot'));
    const backend = memoryBackend(new MemoryCatalog(), { history: () => history.reader });
    const { url: adminUrl } = await openAdmin({}, { backend, access: ownerAccess(token) });
    await history.run(
      `select ensure_audit_month('2026-01-01')`,
      `insert into audit_log (at, id, actor, action, namespace, object)
       values ('2026-01-31', gen_random_uuid(), 'owner', 'suspend', 'default', 'greeter')`,
    );
    await writeEndpoint(join(folder, '.tenantbot'), {
      url: api.url,
      adminUrl,
      token,
      pid: process.pid,
    });
    expect(commands).toHaveLength(9);
    for (const command of commands) {
      const [program, ...words] = command.replace(/ +#.*/, '').split(' ');
      expect(program).toBe('tenantbot');
      const { code, out, err } = await tenantbot(folder, ...words);
      expect({ command, code, err }).toEqual({ command, code: 0, err: '' });
      expect(out).toMatch(words.includes('json') ? /^\[/ : /2026-01-31|updates/);
      expect(out).not.toMatch(/[▁▂▃▄▅▆▇█]/);
    }
    const { code, err } = await tenantbot(folder, 'history', 'greeter', '--hours', 'all');
    expect({ code, err }).toEqual({
      code: 1,
      err: 'tenantbot: bot history: hours: must be a whole number from 1 to 168\n',
    });
  });
});

test('the API lets in who has the token, and knows its queries alone', async () => {
  const ask = async (query: string, sent: string) => {
    const headers = { authorization: `Bearer ${sent}`, 'content-type': 'application/json' };
    const url = `${api.url}/v1/history/${query}`;
    return (await fetch(url, { method: 'POST', headers, body: '{}' })).status;
  };
  expect(await ask('incidents', 'another')).toBe(401);
  expect(await ask('incidents', token.reveal())).toBe(200);
  expect(await ask('bot-history', token.reveal())).toBe(400);
  expect(await ask('drop-table', token.reveal())).toBe(400);
});
