import { stringify } from 'yaml';
import { formatAge } from '../../api/column-value.ts';
import type { TenantBotStatus } from '../../api/tenant-bot-status.ts';
import { readStatus } from '../../controller/bot/stored-bot.ts';
import { fromTimestamp } from '../../lib/clock.ts';
import { inputError } from '../../lib/errors.ts';
import type { ObjectAccess, SeenObject } from '../object-access.ts';
import { parseOutput } from '../output.ts';
import { type BotSelection, selectBots } from '../select-bots.ts';
import { formatTable } from '../table.ts';
import { TOP_ORDERS } from '../top-orders.ts';
import type { Io } from './io.ts';

const OUTPUTS = ['json', 'yaml'] as const;

type Order = (typeof TOP_ORDERS)[number];

/** What `tenantbot top` was asked for. */
export interface TopOptions extends BotSelection {
  readonly sortBy: string;
  /** How many bots at most. */
  readonly limit: number;
  readonly output: string | undefined;
  readonly nowMs: number;
}

/** One bot, in figures. */
interface Figures {
  readonly namespace: string;
  readonly name: string;
  readonly updates: number;
  /** On average over all that the bot ran; undefined where it never did. */
  readonly updatesPerHour: number | undefined;
  readonly replies: number;
  readonly errors: number;
  readonly errorPercent: number | undefined;
  readonly avgResponseMs: number | undefined;
  readonly uptimeSeconds: number;
}

/** `tenantbot top`: the bots with most of something. */
export async function runTop(
  access: ObjectAccess,
  { sortBy, limit, output, nowMs, ...selection }: TopOptions,
  io: Io,
): Promise<void> {
  const format = parseOutput(output, OUTPUTS);
  const order = parseOrder(sortBy);
  const bots = await selectBots(access, selection);
  const all = bots.map((bot) => figuresOf(bot, nowMs));
  const figures = all.toSorted((a, b) => valueOf(b, order) - valueOf(a, order)).slice(0, limit);
  if (format === 'json') io.out(JSON.stringify(figures, undefined, 4));
  else if (format === 'yaml') io.out(stringify(figures).trimEnd());
  else if (figures.length === 0) io.err('No resources found.');
  else io.out(table(figures));
}

function parseOrder(text: string): Order {
  const order = TOP_ORDERS.find((known) => known === text);
  if (order) return order;
  throw inputError(
    'ORDER_UNKNOWN',
    `--sort-by must be one of ${TOP_ORDERS.join(', ')}, not "${text}"`,
  );
}

function figuresOf(bot: SeenObject, nowMs: number): Figures {
  const { namespace, name } = bot.metadata;
  const status = readStatus(bot) ?? {};
  const { counters, health } = status;
  const uptimeSeconds = uptimeOf(status, nowMs);
  const { updates = 0, replies = 0, errors = 0 } = counters ?? {};
  return {
    namespace,
    name,
    updates,
    updatesPerHour:
      uptimeSeconds > 0 ? Math.round((updates * 3_600 * 10) / uptimeSeconds) / 10 : undefined,
    replies,
    errors,
    errorPercent: health?.errorRate,
    avgResponseMs: health?.avgResponseMs,
    uptimeSeconds,
  };
}

function uptimeOf({ phase, startedAt, counters }: TenantBotStatus, nowMs: number): number {
  const isRunning = phase === 'Running' && startedAt !== undefined;
  const present = isRunning ? Math.max(0, nowMs - fromTimestamp(startedAt)) / 1_000 : 0;
  return Math.floor(present + (counters?.uptimeSeconds ?? 0));
}

function valueOf(figures: Figures, order: Order): number {
  switch (order) {
    case 'updates':
      return figures.updates;
    case 'rate':
      return figures.updatesPerHour ?? 0;
    case 'replies':
      return figures.replies;
    case 'errors':
      return figures.errors;
    case 'error-rate':
      return figures.errorPercent ?? 0;
    case 'latency':
      return figures.avgResponseMs ?? 0;
    default:
      return order satisfies never;
  }
}

const NONE = '<none>';

function table(all: readonly Figures[]): string {
  const header = [
    'NAMESPACE',
    'NAME',
    'UPDATES',
    'UPDATES/H',
    'REPLIES',
    'ERRORS',
    'ERROR-%',
    'LATENCY-MS',
    'UPTIME',
  ];
  const rows = all.map((figures) => [
    figures.namespace,
    figures.name,
    String(figures.updates),
    String(figures.updatesPerHour ?? NONE),
    String(figures.replies),
    String(figures.errors),
    String(figures.errorPercent ?? NONE),
    String(figures.avgResponseMs ?? NONE),
    formatAge(figures.uptimeSeconds * 1_000),
  ]);
  return formatTable([header, ...rows]);
}
