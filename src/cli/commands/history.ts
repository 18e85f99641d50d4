import type { HistoryPoint } from '../../history/queries/bot-history.ts';
import type { BotName } from '../bot-access.ts';
import { type HistoryAccess, type HistoryView, outputOf, printFound } from '../history-output.ts';
import { sparkline } from '../sparkline.ts';
import type { Io } from './io.ts';

/** `tenantbot history`: how a bot did. */
export async function runHistory(
  access: HistoryAccess,
  { namespace, name, hours, ...view }: BotName & HistoryView & { readonly hours: number },
  io: Io,
): Promise<void> {
  outputOf(view);
  const value = await access.history('bot-history', { namespace, name, hours });
  const known = value.points.some(({ samples }) => samples > 0) ? value.points : [];
  const header = [
    'AT',
    'HEALTH',
    'BREAKER',
    'ERRORS',
    'ERROR-%',
    'AVG-MS',
    'UPDATES',
    'RATE-LIMITED',
    'RESTARTS',
  ];
  const rows = known.map((point) => [
    point.at,
    point.health,
    point.breaker,
    point.errors,
    point.errorPercent,
    point.avgResponseMs,
    point.updates,
    point.rateLimited,
    point.restarts,
  ]);
  const nothing = `Nothing is known of ${namespace}/${name} in the last ${hours} h. \`tenantbot get -A\` shows which bots there are.`;
  printFound({ value, header, rows, chart: chartOf(known), nothing }, view, io);
}

function chartOf(points: readonly HistoryPoint[]) {
  const line = (name: string, unit: string, valueOf: (point: HistoryPoint) => number | null) => {
    const values = points.map(valueOf);
    const highest = Math.max(0, ...values.map((value) => value ?? 0));
    return [name, sparkline(values), `at most ${highest}${unit}`] as const;
  };
  return [
    line('errors', ' %', ({ errorPercent }) => errorPercent),
    line('response', ' ms', ({ avgResponseMs }) => avgResponseMs),
    line('updates', '', ({ updates }) => updates),
  ];
}
