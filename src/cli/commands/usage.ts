import type { QueryAnswer } from '../../standalone/local-api/history-routes.ts';
import type { BotName } from '../bot-access.ts';
import { type HistoryAccess, type HistoryView, outputOf, printFound } from '../history-output.ts';
import { sparkline } from '../sparkline.ts';
import type { Io } from './io.ts';

/** What `tenantbot usage` was asked for. */
export interface UsageOptions extends BotName, HistoryView {
  readonly days: number;
  /** On whose clocks the busiest hours are told. */
  readonly timeZone: string;
}

const MOST_COMMANDS = 10;

/** `tenantbot usage`: how much a bot is used, and by what. CSV has the figures by hour or day. */
export async function runUsage(
  access: HistoryAccess,
  { namespace, name, days, timeZone, ...view }: UsageOptions,
  io: Io,
): Promise<void> {
  const output = outputOf(view);
  const bot = { namespace, name, days };
  const [summary, trends, commands, chats, busiest, gates] = await Promise.all([
    access.history('usage-summary', bot),
    access.history('usage-trends', bot),
    access.history('popular-commands', { ...bot, limit: MOST_COMMANDS }),
    access.history('chat-kinds', bot),
    access.history('busiest-times', { ...bot, timeZone }),
    access.history('verification-summary', bot),
  ]);
  const value = { summary, trends, commands: commands.items, chats, busiest, gates };
  const { points } = summary;
  const nothing = `${namespace}/${name} was not used in the last ${days === 1 ? 'day' : `${days} days`}.`;
  if (output === 'csv') {
    const header = ['AT', 'CALLS', 'FAILED', 'UPDATES'];
    const rows = points.map(({ at, calls, failed, updates }) => [at, calls, failed, updates]);
    printFound({ value, header, rows, nothing }, view, io);
    return;
  }
  const isUsed = points.some(({ calls, updates }) => calls + updates > 0);
  const chart = [
    ['updates', sparkline(points.map(({ updates }) => updates)), ''],
    ['calls', sparkline(points.map(({ calls }) => calls)), ''],
  ] as const;
  const header = ['', days === 1 ? 'LAST DAY' : `LAST ${days} DAYS`, 'CHANGE'];
  printFound(
    { value, header, rows: isUsed ? rowsOf(value, timeZone) : [], chart, nothing },
    view,
    io,
  );
}

interface Usage {
  readonly trends: QueryAnswer<'usage-trends'>;
  readonly commands: QueryAnswer<'popular-commands'>['items'];
  readonly chats: QueryAnswer<'chat-kinds'>;
  readonly busiest: QueryAnswer<'busiest-times'>;
  readonly gates: QueryAnswer<'verification-summary'>;
}

function rowsOf({ trends, commands, chats, busiest, gates }: Usage, timeZone: string) {
  const { current, change } = trends;
  return [
    ['updates', countWords(current.updates), percent(change.updates)],
    ['calls to Telegram', countWords(current.calls), percent(change.calls)],
    ['calls that failed', current.errorPercent === null ? '-' : `${current.errorPercent} %`, ''],
    [
      'response time',
      `median ${ms(current.p50Ms)}, p95 ${ms(current.p95Ms)}`,
      percent(change.p95Ms),
    ],
    ['commands', commands.map(({ command, uses }) => `/${command} ${uses}`).join(', ') || '-', ''],
    [
      'chats',
      chats.map(({ chatKind, percent }) => `${chatKind || 'none'} ${percent} %`).join(', ') || '-',
      '',
    ],
    ['busiest', busiestWords(busiest, timeZone), ''],
    ...(gates.prompted > 0
      ? [['membership gate', `${gates.prompted} asked to join, ${gates.successPercent} % did`, '']]
      : []),
  ];
}

/** `12 (ok 10, failed 2)`. */
function countWords(counts: Readonly<Record<string, number>>): string {
  const some = Object.entries(counts).filter(([, count]) => count > 0);
  const all = some.reduce((sum, [, count]) => sum + count, 0);
  const words = some.map(([outcome, count]) => `${outcome.replaceAll('_', ' ')} ${count}`);
  return all === 0 ? '0' : `${all} (${words.join(', ')})`;
}

const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

function busiestWords({ hours, weekdays }: Usage['busiest'], timeZone: string): string {
  const most = Math.max(...hours);
  if (most === 0) return '-';
  const hour = String(hours.indexOf(most)).padStart(2, '0');
  const weekday = WEEKDAYS[weekdays.indexOf(Math.max(...weekdays))] ?? '';
  return `${hour}:00 to ${hour}:59, ${weekday} (${timeZone})`;
}

function ms(value: number | null): string {
  return value === null ? '-' : `${value} ms`;
}

function percent(change: number | null): string {
  if (change === null) return '-';
  return change > 0 ? `+${change} %` : `${change} %`;
}
