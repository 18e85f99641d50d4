import { stringify } from 'yaml';
import type { TenantBotStatus } from '../../api/tenant-bot-status.ts';
import { readStatus } from '../../controller/bot/stored-bot.ts';
import type { ObjectAccess, SeenObject } from '../object-access.ts';
import { parseOutput } from '../output.ts';
import { type BotSelection, selectBots } from '../select-bots.ts';
import { formatTable } from '../table.ts';
import type { Io } from './io.ts';

const OUTPUTS = ['json', 'yaml'] as const;
/** So many bots that don't do well are told of one by one. */
const MOST_UNWELL = 20;

/** What `tenantbot status` was asked for. */
export interface StatusOptions extends BotSelection {
  readonly output: string | undefined;
}

/** How many bots there are, and how they do. */
interface Summary {
  readonly bots: number;
  readonly ready: number;
  readonly phases: Readonly<Record<string, number>>;
  readonly health: Readonly<Record<string, number>>;
  readonly breakers: Readonly<Record<string, number>>;
  readonly tokens: Readonly<Record<string, number>>;
  /** Those that are to run and don't answer; what needs a person comes first. */
  readonly unwell: readonly Unwell[];
}

interface Unwell {
  readonly namespace: string;
  readonly name: string;
  readonly needsPerson: boolean;
  readonly reason: string;
  readonly message: string;
}

/** `tenantbot status`: how many bots do how well, and which do not, and why. */
export async function runStatus(
  access: ObjectAccess,
  { output, ...selection }: StatusOptions,
  io: Io,
): Promise<void> {
  const format = parseOutput(output, OUTPUTS);
  const summary = summaryOf(await selectBots(access, selection));
  if (format === 'json') io.out(JSON.stringify(summary, undefined, 4));
  else if (format === 'yaml') io.out(stringify(summary).trimEnd());
  else print(summary, io);
}

function summaryOf(bots: readonly SeenObject[]): Summary {
  const statuses = bots.map((bot) => ({ bot, status: readStatus(bot) ?? {} }));
  const count = (valueOf: (status: TenantBotStatus) => string | undefined) =>
    countBy(statuses.map(({ status }) => valueOf(status) ?? 'unknown'));
  return {
    bots: bots.length,
    ready: statuses.filter(({ status }) => ready(status)?.status === 'True').length,
    phases: count(({ phase }) => phase),
    health: count(({ health }) => health?.state),
    breakers: count(({ breaker }) => breaker?.state),
    tokens: count(({ token }) => token?.state),
    unwell: statuses.flatMap(({ bot, status }) => unwell(bot, status)).toSorted(mostUrgentFirst),
  };
}

function unwell({ metadata }: SeenObject, status: TenantBotStatus): Unwell[] {
  const { namespace, name } = metadata;
  const found = ready(status);
  if (found?.status === 'True' || status.phase === 'Suspended') return [];
  const needsPerson = condition(status, 'Stalled')?.status === 'True';
  const { reason = 'Unseen', message = 'No operator has seen it yet.' } = found ?? {};
  return [{ namespace, name, needsPerson, reason, message }];
}

function mostUrgentFirst(a: Unwell, b: Unwell): number {
  if (a.needsPerson !== b.needsPerson) return a.needsPerson ? -1 : 1;
  return `${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1;
}

function print({ bots, ready, unwell, ...counts }: Summary, io: Io): void {
  io.out(
    formatTable([
      ['Bots:', `${bots}, ${ready} of them ready`],
      ['Phases:', words(counts.phases)],
      ['Health:', words(counts.health)],
      ['Breakers:', words(counts.breakers)],
      ['Tokens:', words(counts.tokens)],
    ]),
  );
  if (unwell.length === 0) return;
  const rows = unwell
    .slice(0, MOST_UNWELL)
    .map(({ namespace, name, needsPerson, reason, message }) => [
      namespace,
      name,
      needsPerson ? 'a person' : 'time',
      reason,
      message,
    ]);
  const header = ['NAMESPACE', 'NAME', 'NEEDS', 'REASON', 'MESSAGE'];
  io.out(`\n${formatTable([header, ...rows], io.paint)}`);
  const more = unwell.length - rows.length;
  if (more > 0) io.err(`… and ${more} more; -o json has all.`);
}

function words(counts: Readonly<Record<string, number>>): string {
  return (
    Object.entries(counts)
      .map(([word, count]) => `${count} ${word}`)
      .join(', ') || 'none'
  );
}

/** The most frequent first. */
function countBy(values: readonly string[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return Object.fromEntries([...counts].toSorted(([, a], [, b]) => b - a));
}

function ready(status: TenantBotStatus) {
  return condition(status, 'Ready');
}

function condition({ conditions }: TenantBotStatus, type: string) {
  return conditions?.find((known) => known.type === type);
}
