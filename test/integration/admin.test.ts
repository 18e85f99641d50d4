import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { EmulatorClient } from '../../src/emulator/control-client.ts';
import { type RunningEmulator, startEmulator } from '../../src/emulator/emulator.ts';
import { type Endpoint, readEndpoint } from '../../src/standalone/data/endpoint-file.ts';
import { botWithSecret, makeLastingFolder, tokenOf } from '../standalone/support.ts';
import { type Program, startProgram } from '../support/program.ts';
import { findPython, pythonWithRequirements } from '../support/python.ts';
import { EmbeddedHistory } from '../support/standalone-history.ts';
import { TENANTBOT } from '../support/tenantbot.ts';
import { waitFor } from '../support/wait.ts';

const SHOWN = /^```sh\n(?<command>curl .*)\n```\n```json\n(?<answer>.*)\n```$/gm;
const PATIENCE = { timeoutMs: 60_000, intervalMs: 100 };

let folder: Awaited<ReturnType<typeof makeLastingFolder>>;
let emulator: RunningEmulator;
let history: EmbeddedHistory;
let telegram: EmulatorClient;
let program: Program;
let endpoint: Endpoint;

beforeAll(async () => {
  folder = await makeLastingFolder();
  // Of root's folders others see nothing, and Postgres never runs as root.
  await chmod(folder.path, 0o711);
  const bots = join(folder.path, 'bots');
  await mkdir(bots);
  const spec = '  breaker: {openSeconds: 3600} # patience\n';
  for (const [index, name] of ['greeter', 'flaky'].entries()) {
    const bot = botWithSecret({ name, namespace: 'shop', id: 11 + index, spec });
    await writeFile(join(bots, `${name}.yaml`), bot);
  }
  emulator = await startEmulator();
  history = new EmbeddedHistory(join(folder.path, '.tenantbot'));
  program = await startProgram(
    [
      process.execPath,
      TENANTBOT,
      'standalone',
      '--manifests=bots',
      `--api-root=${emulator.apiRoot}`,
      `--emulator-control=${emulator.controlUrl}`,
    ],
    { cwd: folder.path, env: { TENANTBOT_HISTORY: '' }, until: /^ready/m, timeoutMs: 60_000 },
  );
  const found = await readEndpoint(join(folder.path, '.tenantbot'));
  if (!found) throw new Error('the standalone left no word of where it listens');
  endpoint = found;
  telegram = new EmulatorClient(emulator.controlUrl);
  const { id: from } = await telegram.createUser({ firstName: 'Ada' });
  await telegram.addFault({ bot: 'flaky_bot', effect: { kind: 'status', status: 502 } });
  await telegram.sendText({ bot: 12, from, text: '/start' });
  await waitFor(
    'a breaker to open',
    async () => {
      const { state } = (await answerOf(get('/v1/bots/shop/flaky/breaker'))) as { state: string };
      return state === 'Open';
    },
    PATIENCE,
  );
});

afterAll(async () => {
  await program.stop('SIGTERM');
  await history.kill();
  await emulator.close();
  await folder.remove();
});

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body?: string | undefined;
}

function get(path: string): Asked {
  return { method: 'GET', path };
}

async function answerOf({ method, path, body }: Asked): Promise<unknown> {
  const response = await fetch(`${endpoint.adminUrl}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${endpoint.token.reveal()}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body }),
  });
  return response.json();
}

/** What a command of the page asks for. */
function parse(command: string, id: string): Asked {
  const path = /"\$ADMIN(?<path>[^"]+)"$/.exec(command)?.groups?.['path'] ?? '';
  const method = /-X (?<method>\w+)/.exec(command)?.groups?.['method'] ?? 'GET';
  const body = /-d '(?<body>[^']+)'/.exec(command)?.groups?.['body'];
  return { method, path: path.replace('$ID', id), body };
}

/** What the page shows of an answer, as something to compare with. */
function pattern(shown: string): object {
  return JSON.parse(shown, (_key, value: unknown) =>
    value === '…' ? (expect.anything() as unknown) : value,
  ) as object;
}

test('every command of docs/admin.md answers as the page says', async () => {
  const page = await readFile(join(import.meta.dirname, '../../docs/admin.md'), 'utf8');
  const shown = Array.from(page.matchAll(SHOWN), ({ groups }) => groups);
  expect(shown).toHaveLength([...page.matchAll(/^curl /gm)].length);
  expect(shown.length).toBeGreaterThan(20);
  let id = '';
  for (const groups of shown) {
    const [command = '', answer = ''] = [groups?.['command'], groups?.['answer']];
    const asked = parse(command, id);
    if (asked.path === '/v1/retries') await telegram.clearFaults();
    let last = await answerOf(asked);
    const isAsShown = (): boolean => {
      expect({ command, last }).toMatchObject({ command, last: pattern(answer) });
      return true;
    };
    if (asked.method !== 'GET') isAsShown();
    else {
      const look = async (): Promise<boolean> => {
        last = await answerOf(asked);
        return isAsShown();
      };
      await waitFor(command, look, PATIENCE);
    }
    id = (last as { id?: string }).id ?? id;
  }
  const bots = join(folder.path, 'bots');
  expect(await readFile(join(bots, 'greeter.yaml'), 'utf8')).toContain('# patience');
  expect(await readFile(join(bots, 'shop.third.yaml'), 'utf8')).toContain('name: third');
  expect(program.output).not.toContain('not-a-token');
});

/** What a stream of events has brought so far, until the test is over. */
async function stream(path: string): Promise<() => string> {
  const stopped = new AbortController();
  onTestFinished(() => stopped.abort());
  const response = await fetch(`${endpoint.adminUrl}${path}`, {
    headers: { authorization: `Bearer ${endpoint.token.reveal()}` },
    signal: stopped.signal,
  });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  let text = '';
  const read = async (): Promise<void> => {
    for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString();
  };
  read().catch(() => undefined);
  return () => text;
}

test('a bot is talked to, and its log is read', async () => {
  const log = await stream('/v1/bots/shop/flaky/logs?tail=200');
  await waitFor('lines of the bot', () => log().includes('"bot":"shop/flaky"'), PATIENCE);
  expect(log()).not.toContain('"bot":"shop/greeter"');
  expect(log()).not.toContain(tokenOf(12));
  const chat = '/v1/bots/shop/greeter/chat';
  const heard = await stream(`${chat}?as=grace`);
  const said = { method: 'POST', path: chat, body: '{"as": "grace", "text": "/start"}' };
  await waitFor(
    'an answer',
    async () => {
      // What is said before somebody listens is heard by nobody.
      if (heard() !== '') await answerOf(said);
      return heard().includes('data: {"text":"hello"}');
    },
    { ...PATIENCE, intervalMs: 300 },
  );
});

const python = findPython('3.10');
const mayBeSkipped = !python && process.env['CI'] !== 'true';
if (mayBeSkipped) console.error('SKIPPED: schemathesis needs Python 3.10 or newer');

/** What holds of every answer, whatever was asked. */
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
];
/** Streams have no end. */
const STREAMS = '/(events|logs|chat)$';

test.skipIf(mayBeSkipped)(
  'whatever is asked, the answers are as /openapi.json says',
  { timeout: 400_000 },
  async () => {
    if (!python) throw new Error('there is no Python 3.10 or newer; with CI=true there must be');
    const requirements = join(import.meta.dirname, 'schemathesis.txt');
    const interpreter = await pythonWithRequirements(python, requirements);
    const program = join(interpreter, '../schemathesis');
    const run = promisify(execFile)(
      interpreter,
      [
        program,
        'run',
        `${endpoint.adminUrl}/openapi.json`,
        `--header=Authorization: Bearer ${endpoint.token.reveal()}`,
        `--checks=${CHECKS.join(',')}`,
        `--exclude-path-regex=${STREAMS}`,
        '--phases=coverage,fuzzing',
        '--max-examples=8',
        '--seed=1',
        '--suppress-health-check=all',
        '--warnings=off',
        '--no-color',
      ],
      { cwd: folder.path, timeout: 300_000, maxBuffer: 64 << 20 },
    );
    const { stdout } = await run.catch((error: Error & { stdout?: string }) => {
      throw new Error(`schemathesis: ${error.stdout?.slice(-8_000) ?? error.message}`);
    });
    const [, cases = '0'] = /(\d+) generated/.exec(stdout) ?? [];
    expect(Number(cases)).toBeGreaterThan(500);
  },
);
