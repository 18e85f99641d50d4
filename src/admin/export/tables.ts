import type { z } from 'zod';
import { auditSearch } from '../../history/queries/audit-search.ts';
import { botHistory } from '../../history/queries/bot-history.ts';
import type { Namespaces } from '../../history/queries/namespaces.ts';
import { usageSummary } from '../../history/queries/usage-summary.ts';
import type { Cell } from '../../lib/csv.ts';
import { readerOf } from '../ask-history.ts';
import type { AdminBackend, BotObject } from '../backend.ts';
import { type BotRow, botRowSchema } from '../views/bot.ts';
import type { Table } from './csv-body.ts';

type Backend = Pick<AdminBackend, 'history'>;

/** How many rows are asked for at a time. */
const PAGE = 1_000;

const { manager: _, ...BOT_COLUMNS } = botRowSchema.shape;
type BotColumn = keyof typeof BOT_COLUMNS;

/** Bots, one a row. */
export function botTable(bots: readonly BotRow[]): Table {
  const header = Object.keys(BOT_COLUMNS) as BotColumn[];
  async function* rows() {
    for (let at = 0; at === 0 || at < bots.length; at += PAGE) {
      yield bots.slice(at, at + PAGE).map((bot) => header.map((column) => cell(bot[column])));
    }
  }
  return { header, rows: rows() };
}

const HISTORY = [
  'at',
  'samples',
  'health',
  'breaker',
  'errorPercent',
  'avgResponseMs',
  'updates',
  'errors',
  'rateLimited',
  'restarts',
] as const;

/** How bots did, one point of one bot a row; without the gaps. */
export function historyTable(backend: Backend, bots: readonly BotObject[], hours: number): Table {
  async function* rows() {
    for (const { namespace, name } of namesOf(bots)) {
      const args = { namespace, name, hours };
      const { points } = await readerOf(backend).ask(botHistory, [namespace], args);
      yield points
        .filter(({ samples }) => samples > 0)
        .map((point) =>
          row(
            namespace,
            name,
            HISTORY.map((column) => point[column]),
          ),
        );
    }
  }
  return { header: ['namespace', 'name', ...HISTORY], rows: rows() };
}

const USAGE = ['at', 'calls', 'failed', 'updates'] as const;

/** How bots were used, one step of one bot a row. */
export function usageTable(backend: Backend, bots: readonly BotObject[], days: number): Table {
  async function* rows() {
    for (const { namespace, name } of namesOf(bots)) {
      const args = { namespace, name, days };
      const { points } = await readerOf(backend).ask(usageSummary, [namespace], args);
      yield points.map((point) =>
        row(
          namespace,
          name,
          USAGE.map((column) => point[column]),
        ),
      );
    }
  }
  return { header: ['namespace', 'name', ...USAGE], rows: rows() };
}

const AUDIT = ['at', 'actor', 'action', 'namespace', 'object'] as const;

/** The audit log, the latest first. */
export function auditTable(
  backend: Backend,
  namespaces: Namespaces,
  args: z.input<typeof auditSearch.args>,
): Table {
  async function* rows() {
    let after: string | undefined;
    do {
      const page = await readerOf(backend).ask(auditSearch, namespaces, {
        ...args,
        limit: PAGE,
        after,
      });
      yield page.items.map(({ detail, ...entry }) => [
        ...AUDIT.map((column) => entry[column]),
        detail === null ? null : JSON.stringify(detail),
      ]);
      after = page.next;
    } while (after !== undefined);
  }
  return { header: [...AUDIT, 'detail'], rows: rows() };
}

function namesOf(bots: readonly BotObject[]) {
  return bots
    .map(({ metadata: { namespace, name } }) => ({ namespace, name }))
    .toSorted((a, b) => (`${a.namespace} ${a.name}` < `${b.namespace} ${b.name}` ? -1 : 1));
}

function row(namespace: string, name: string, cells: readonly Cell[]): Cell[] {
  return [namespace as Cell, name].concat(cells);
}

function cell(value: string | number | boolean | null): string | number | null {
  return typeof value === 'boolean' ? String(value) : value;
}
