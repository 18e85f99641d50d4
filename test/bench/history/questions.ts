import type { z } from 'zod';
import { auditSearch } from '../../../src/history/queries/audit-search.ts';
import { botHistory } from '../../../src/history/queries/bot-history.ts';
import { busiestTimes } from '../../../src/history/queries/busiest-times.ts';
import { chatKinds } from '../../../src/history/queries/chat-kinds.ts';
import { errorKinds } from '../../../src/history/queries/error-kinds.ts';
import { fleetSummary } from '../../../src/history/queries/fleet-summary.ts';
import { incidents } from '../../../src/history/queries/incidents.ts';
import { popularCommands } from '../../../src/history/queries/popular-commands.ts';
import type { HistoryQuery } from '../../../src/history/queries/query.ts';
import { unhealthyBots } from '../../../src/history/queries/unhealthy-bots.ts';
import { usageSummary } from '../../../src/history/queries/usage-summary.ts';
import { usageTrends } from '../../../src/history/queries/usage-trends.ts';
import { verificationSummary } from '../../../src/history/queries/verification-summary.ts';

/** A question of the bench. */
export interface Question {
  readonly words: string;
  readonly query: HistoryQuery<z.ZodType, unknown>;
  readonly args: (bot: { readonly namespace: string; readonly name: string }) => object;
  /** It has to go by one of these. */
  readonly index: readonly string[];
}

const SNAPSHOTS = 'health_snapshots_pkey';
const USAGE = 'usage_hourly_pkey';

/** What is asked of a history, each by the index that it is to go by. */
export const QUESTIONS: readonly Question[] = [
  {
    words: 'bot history, 168 h',
    query: botHistory,
    args: (bot) => ({ ...bot, hours: 168 }),
    index: [SNAPSHOTS],
  },
  { words: 'fleet summary', query: fleetSummary, args: () => ({}), index: [SNAPSHOTS] },
  { words: 'unhealthy bots now', query: unhealthyBots, args: () => ({}), index: [SNAPSHOTS] },
  {
    words: 'incidents of a bot, 168 h',
    query: incidents,
    args: (bot) => ({ ...bot, hours: 168 }),
    index: ['transitions_place'],
  },
  {
    words: 'incidents of a namespace, 24 h',
    query: incidents,
    args: ({ namespace }) => ({ namespace }),
    index: ['transitions_place'],
  },
  {
    words: 'incidents of all, 24 h',
    query: incidents,
    args: () => ({}),
    index: ['transitions_bad'],
  },
  {
    words: 'usage trends of a bot, a week against the last',
    query: usageTrends,
    args: (bot) => bot,
    index: [USAGE],
  },
  {
    words: 'usage trends of a namespace, a week against the last',
    query: usageTrends,
    args: ({ namespace }) => ({ namespace }),
    index: [USAGE],
  },
  {
    words: 'usage trends of all, a day against the last',
    query: usageTrends,
    args: () => ({ days: 1 }),
    index: ['usage_hourly_hour', USAGE],
  },
  {
    words: 'usage summary of a bot, 30 days',
    query: usageSummary,
    args: (bot) => ({ ...bot, days: 30 }),
    index: [USAGE],
  },
  {
    words: 'busiest times of a bot, 28 days',
    query: busiestTimes,
    args: (bot) => bot,
    index: [USAGE],
  },
  {
    words: 'popular commands of a bot',
    query: popularCommands,
    args: (bot) => bot,
    index: [USAGE],
  },
  { words: 'chat kinds of a bot', query: chatKinds, args: (bot) => bot, index: [USAGE] },
  {
    words: 'errors of a bot',
    query: errorKinds,
    args: (bot) => bot,
    index: ['errors_hourly_pkey'],
  },
  {
    words: 'verifications of a bot',
    query: verificationSummary,
    args: (bot) => bot,
    index: ['verifications_bot_at'],
  },
  {
    words: 'audit entries that begin with a text',
    query: auditSearch,
    args: ({ name }) => ({ text: name }),
    index: ['audit_log_object_at_idx'],
  },
];
