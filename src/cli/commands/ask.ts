import type { BotRequest } from '../../api/bot-requests.ts';
import type { TenantBotStatus } from '../../api/tenant-bot-status.ts';
import { type Clock, sleep, toTimestamp } from '../../lib/clock.ts';
import { inputError } from '../../lib/errors.ts';
import { randomToken } from '../../lib/random.ts';
import type { BotAccess, BotName, SeenBot } from '../bot-access.ts';
import { columnWidths, formatRow } from '../table.ts';
import type { Io } from './io.ts';

const LOOK_EVERY_MS = 250;

/** What `tenantbot token check`, `breaker reset`, `restart` or `persist` was asked for. */
export interface AskOptions {
  readonly request: BotRequest;
  readonly names: readonly string[];
  /** All bots of the namespace, in place of names. */
  readonly all: boolean;
  /** The access's own unless given. */
  readonly namespace: string | undefined;
  readonly allNamespaces: boolean;
  /** How many bots are asked at once. */
  readonly concurrency: number;
  /** How long one bot may take. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** What came of it for one bot. */
interface Answer {
  readonly bot: BotName;
  /** `skipped`: it does not run, and nobody named it. */
  readonly verdict: 'good' | 'bad' | 'skipped';
  /** A word or two, which the summary counts. */
  readonly word: string;
  readonly detail: string;
}

/**
 * Asks bots for something, so many at a time, and prints what came of it, a bot a line, as soon as it
 * is known. Throws where any bot did not do it, or has a bad token.
 */
export async function runAsk(access: BotAccess, options: AskOptions, io: Io): Promise<void> {
  const bots = await chosen(access, options);
  const widths = columnWidths(bots.map((bot) => [keyOf(bot)]));
  const waiting = bots.values();
  const answers: Answer[] = [];
  const worker = async (): Promise<void> => {
    for (const bot of waiting) {
      const answer = await askOne(access, bot, options);
      answers.push(answer);
      io.out(formatRow([keyOf(bot), answer.word, answer.detail], widths));
    }
  };
  await Promise.all(Array.from({ length: options.concurrency }, worker));
  const summary = summaryOf(answers);
  if (answers.some(({ verdict }) => verdict === 'bad')) throw inputError('ASKED_IN_VAIN', summary);
  if (bots.length !== 1) io.out(summary);
}

async function chosen(access: BotAccess, options: AskOptions): Promise<readonly SeenBot[]> {
  const { names, all, allNamespaces, namespace = access.namespace } = options;
  const isAll = all || allNamespaces;
  if (isAll === names.length > 0) {
    throw inputError(
      'WHICH_BOTS',
      'name the bots, or give --all (with -A, those of all namespaces)',
    );
  }
  if (isAll) return access.list(allNamespaces ? undefined : namespace);
  return Promise.all([...new Set(names)].map((name) => access.get({ namespace, name })));
}

async function askOne(access: BotAccess, bot: SeenBot, options: AskOptions): Promise<Answer> {
  const { request, timeoutMs, clock } = options;
  if (!isHosted(bot.status)) return notHosted(bot, options);
  const value = `${toTimestamp(clock.wallMs())} ${randomToken(6)}`;
  const untilMs = clock.monotonicMs() + timeoutMs;
  await access.ask(bot, request, value);
  for (;;) {
    const now = await access.get(bot);
    if (now.status.handledRequests?.[request] === value) return outcome(now, request);
    if (!isHosted(now.status)) return notHosted(now, options);
    if (clock.monotonicMs() >= untilMs) return noAnswer(now, timeoutMs);
    await sleep(clock, LOOK_EVERY_MS);
  }
}

function outcome(bot: SeenBot, request: BotRequest): Answer {
  switch (request) {
    case 'checkToken':
      return tokenOutcome(bot);
    case 'resetBreaker':
      return { bot, verdict: 'good', word: bot.status.breaker?.state ?? 'Closed', detail: '' };
    case 'restart':
      return { bot, verdict: 'good', word: 'restarted', detail: '' };
    case 'persist':
      return { bot, verdict: 'good', word: 'told', detail: '' };
    default:
      return request satisfies never;
  }
}

function tokenOutcome(bot: SeenBot): Answer {
  const { token, bot: identity } = bot.status;
  const word = token?.state ?? 'unknown';
  if (word === 'Valid') return { bot, verdict: 'good', word, detail: `@${identity?.username}` };
  return { bot, verdict: 'bad', word, detail: token?.message ?? '' };
}

/** Nobody hosts it, so nobody would answer: its status says why. */
function notHosted(bot: SeenBot, { request, names }: AskOptions): Answer {
  const token = condition(bot.status, 'TokenValid');
  if (request === 'checkToken' && token?.status === 'False') {
    return { bot, verdict: 'bad', word: token.reason, detail: token.message };
  }
  const verdict = names.length > 0 ? 'bad' : 'skipped';
  const detail = condition(bot.status, 'Ready')?.message ?? 'No operator has seen it yet.';
  return { bot, verdict, word: 'not running', detail };
}

function noAnswer(bot: SeenBot, timeoutMs: number): Answer {
  const { conditions, lastError } = bot.status;
  const known = lastError?.message ?? conditions?.find(({ type }) => type === 'Ready')?.message;
  const detail = `Nothing came within ${timeoutMs / 1000} s: nobody may be running it, Telegram be out of reach, or many bots be waiting to start.`;
  return {
    bot,
    verdict: 'bad',
    word: 'no answer',
    detail: known === undefined ? detail : `${detail} The last that is known: ${known}`,
  };
}

function summaryOf(answers: readonly Answer[]): string {
  const counts = new Map<string, number>();
  for (const { word } of answers) counts.set(word, (counts.get(word) ?? 0) + 1);
  const words = Array.from(counts, ([word, count]) => `${count} ${word}`).join(', ');
  const bots = `${answers.length} ${answers.length === 1 ? 'bot' : 'bots'}`;
  return words === '' ? bots : `${bots}: ${words}`;
}

function isHosted(status: TenantBotStatus): boolean {
  return condition(status, 'Placed')?.status === 'True';
}

function condition({ conditions }: TenantBotStatus, type: string) {
  return conditions?.find((known) => known.type === type);
}

function keyOf({ namespace, name }: BotName): string {
  return `${namespace}/${name}`;
}
