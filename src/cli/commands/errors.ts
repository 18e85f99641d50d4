import type { BotName } from '../bot-access.ts';
import { type HistoryAccess, type HistoryView, outputOf, printFound } from '../history-output.ts';
import { sparkline } from '../sparkline.ts';
import type { Io } from './io.ts';

const MOST = 1_000;

/** `tenantbot errors`: which errors a bot had, the most frequent first. */
export async function runErrors(
  access: HistoryAccess,
  { namespace, name, days, ...view }: BotName & HistoryView & { readonly days: number },
  io: Io,
): Promise<void> {
  const output = outputOf(view);
  const value = await access.history('error-kinds', { namespace, name, days, limit: MOST });
  const isDrawn = view.isTerminal && output === 'table';
  const trend = isDrawn ? ['TREND'] : [];
  const header = ['ERRORS', ...trend, 'FIRST', 'LAST', 'FINGERPRINT', 'SAMPLE'];
  const rows = value.items.map(({ errors, slots, first, last, fingerprint, sample }) => [
    errors,
    ...(isDrawn ? [sparkline(slots)] : []),
    first,
    last,
    fingerprint,
    sample,
  ]);
  const nothing = `${namespace}/${name} had no error in the last ${days === 1 ? 'day' : `${days} days`}.`;
  printFound({ value: value.items, header, rows, nothing }, view, io);
  if (value.next !== undefined) io.err(`These are the ${MOST} most frequent; there were more.`);
}
