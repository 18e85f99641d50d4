import { beforeEach, describe, expect, test } from 'vitest';
import { tenantBotStatus } from '../../src/api/bot-status.ts';
import type { TenantBotStatus } from '../../src/api/tenant-bot-status.ts';
import type { BotAccess, SeenBot } from '../../src/cli/bot-access.ts';
import { type AskOptions, runAsk } from '../../src/cli/commands/ask.ts';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';
import { botFacts, without } from '../api/bot-facts-builder.ts';

const NOW = '2026-02-01T12:00:00Z';
const RUNNING = tenantBotStatus(botFacts(), undefined, NOW);
const TOKENLESS = tenantBotStatus(
  without(
    botFacts({ token: { kind: 'missing', message: 'There is no Secret.' } }),
    'placement',
    'runtime',
  ),
  undefined,
  NOW,
);
const ASLEEP = tenantBotStatus(
  without(botFacts({ suspended: true }), 'placement', 'runtime'),
  undefined,
  NOW,
);

let clock: AdjustableClock;
let bots: Map<string, SeenBot>;
let lines: string[];
/** What happens when a bot is asked; by default it does so at once. */
let onAsk: (bot: SeenBot, handled: TenantBotStatus) => TenantBotStatus;
let asking: number;
let mostAtOnce: number;

beforeEach(() => {
  clock = new AdjustableClock({ startWallMs: Date.UTC(2026, 1, 1, 12) });
  bots = new Map();
  lines = [];
  onAsk = (_bot, handled) => handled;
  asking = 0;
  mostAtOnce = 0;
});

function have(name: string, status: TenantBotStatus = RUNNING, namespace = 'default'): void {
  bots.set(`${namespace}/${name}`, { namespace, name, status });
}

const access: BotAccess = {
  namespace: 'default',
  list: async (namespace) =>
    [...bots.values()].filter((bot) => namespace === undefined || bot.namespace === namespace),
  async get({ namespace, name }) {
    const bot = bots.get(`${namespace}/${name}`);
    if (!bot) throw new Error(`there is no TenantBot ${namespace}/${name}`);
    return bot;
  },
  async ask({ namespace, name }, request, value) {
    mostAtOnce = Math.max(mostAtOnce, ++asking);
    await Promise.resolve();
    const bot = await access.get({ namespace, name });
    const { status } = bot;
    const handledRequests = { ...status.handledRequests, [request]: value };
    have(name, onAsk(bot, { ...status, handledRequests }), namespace);
    asking--;
  },
  close: () => Promise.resolve(),
};

async function ask(change: Partial<AskOptions>): Promise<void> {
  const io = { out: (line: string) => void lines.push(line), err: () => undefined };
  const options: AskOptions = {
    request: 'checkToken',
    names: [],
    all: false,
    namespace: undefined,
    allNamespaces: false,
    concurrency: 10,
    timeoutMs: 5_000,
    clock,
    ...change,
  };
  const asked = runAsk(access, options, io);
  asked.catch(() => undefined);
  await clock.advanceAsync(10_000);
  return asked;
}

const revoked = (status: TenantBotStatus): TenantBotStatus => ({
  ...status,
  token: { state: 'Revoked', lastChecked: NOW, message: 'Ask @BotFather.' },
});

describe('who is asked', () => {
  test('one bot is a line', async () => {
    have('a');
    await ask({ names: ['a'] });
    expect(lines).toEqual(['default/a   Valid   @greeter_bot']);
  });

  test('several are a line each, in columns, and a summary', async () => {
    have('a');
    have('longer');
    await ask({ names: ['longer', 'a', 'a'] });
    expect(lines.toSorted()).toEqual([
      '2 bots: 2 Valid',
      'default/a        Valid   @greeter_bot',
      'default/longer   Valid   @greeter_bot',
    ]);
  });

  test('all are those of the namespace, or of all', async () => {
    have('a');
    have('b', RUNNING, 'shop');
    await ask({ all: true });
    await ask({ all: true, namespace: 'shop' });
    await ask({ allNamespaces: true });
    expect(lines.map((line) => line.split(' ')[0])).toEqual([
      'default/a',
      'shop/b',
      'default/a',
      'shop/b',
      '2',
    ]);
  });

  test.each([{}, { all: true, names: ['a'] }, { allNamespaces: true, names: ['a'] }])(
    'names and all exclude each other, and one of them must be given (%j)',
    async (change) => {
      await expect(ask(change)).rejects.toThrow('name the bots, or give --all');
    },
  );

  test('of many no more are asked at once than is said', async () => {
    for (let n = 0; n < 50; n++) have(`bot-${n}`);
    await ask({ all: true, concurrency: 4 });
    expect(lines).toHaveLength(51);
    expect(lines.at(-1)).toBe('50 bots: 50 Valid');
    expect(mostAtOnce).toBe(4);
  });
});

describe('what comes of it', () => {
  test('a bad token among good ones is told, and fails', async () => {
    have('a');
    have('b');
    onAsk = ({ name }, handled) => (name === 'b' ? revoked(handled) : handled);
    await expect(ask({ all: true })).rejects.toThrow('2 bots: 1 Valid, 1 Revoked');
    expect(lines).toContain('default/b   Revoked   Ask @BotFather.');
  });

  test('a token that nobody could try is bad without asking', async () => {
    have('a', TOKENLESS);
    await expect(ask({ all: true })).rejects.toThrow('1 bot: 1 Missing');
    expect(lines).toEqual(['default/a   Missing   There is no Secret.']);
    expect(mostAtOnce).toBe(0);
  });

  test('a bot that does not run is skipped among all, and a failure where it was named', async () => {
    have('a', ASLEEP);
    await ask({ all: true });
    expect(lines[0]).toMatch(/^default\/a +not running +Suspended by spec.suspended/);
    await expect(ask({ names: ['a'] })).rejects.toThrow('1 bot: 1 not running');
  });

  test('a bot that nobody runs any more is told at once', async () => {
    have('a');
    onAsk = () => ASLEEP;
    await expect(ask({ names: ['a'] })).rejects.toThrow('1 bot: 1 not running');
  });

  test('silence ends in words, with what is known', async () => {
    have('a');
    onAsk = ({ status }) => ({
      ...status,
      lastError: { time: NOW, fingerprint: 'f', message: 'Telegram cannot be reached.' },
    });
    await expect(ask({ names: ['a'] })).rejects.toThrow('1 bot: 1 no answer');
    expect(lines).toEqual([expect.stringMatching(/Nothing came within 5 s.*cannot be reached/)]);
  });

  test('each kind of request has its own words', async () => {
    have('a');
    await ask({ names: ['a'], request: 'resetBreaker' });
    await ask({ names: ['a'], request: 'restart' });
    expect(lines).toEqual(['default/a   Closed', 'default/a   restarted']);
    const { handledRequests } = bots.get('default/a')?.status ?? {};
    expect(Object.keys(handledRequests ?? {})).toEqual(['resetBreaker', 'restart']);
  });

  test('two requests in the same second are two', async () => {
    have('a');
    const values = new Set<unknown>();
    onAsk = (_bot, handled) => {
      values.add(handled.handledRequests?.restart);
      return handled;
    };
    await ask({ names: ['a'], request: 'restart' });
    await ask({ names: ['a'], request: 'restart' });
    expect(values.size).toBe(2);
  });
});
