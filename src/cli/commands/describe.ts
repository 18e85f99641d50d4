import { formatAge } from '../../api/column-value.ts';
import type { Handler } from '../../api/handlers.ts';
import type { HealthStatus } from '../../api/health.ts';
import type { OwnershipStatus } from '../../api/ownership.ts';
import type { Counters, TenantBotStatus } from '../../api/tenant-bot-status.ts';
import { readSpec, readStatus, specProblem } from '../../controller/bot/stored-bot.ts';
import { fromTimestamp } from '../../lib/clock.ts';
import type { ObjectAccess, SeenObject } from '../object-access.ts';
import { formatTable, type Paint } from '../table.ts';
import { oneLine } from '../terminal-text.ts';
import type { Io } from './io.ts';

/** `tenantbot describe`: one bot with all that is known of it, as `kubectl describe` lays it out. */
export async function runDescribe(
  access: ObjectAccess,
  { namespace = access.namespace, name, nowMs }: DescribeOptions,
  io: Io,
): Promise<void> {
  io.out(describeBot(await access.object('tenantbots', { namespace, name }), nowMs, io.paint));
}

/** What `tenantbot describe` was asked for. */
export interface DescribeOptions {
  /** That of the access unless given. */
  readonly namespace: string | undefined;
  readonly name: string;
  readonly nowMs: number;
}

/** The text of `tenantbot describe`. */
function describeBot(bot: SeenObject, nowMs: number, paint?: Paint): string {
  const status = readStatus(bot) ?? {};
  return [
    fields('', [
      ['Name', bot.metadata.name],
      ['Namespace', bot.metadata.namespace],
      ['Labels', pairs(bot.metadata.labels)],
      ['Annotations', pairs(bot.metadata.annotations)],
      ['Kind', `${bot.kind} (${bot.apiVersion})`],
      ['Created', since(bot.metadata.creationTimestamp, nowMs)],
      ['UID', bot.metadata.uid],
      ['Generation', bot.metadata.generation],
    ]),
    'Spec:',
    specFields(bot),
    'Status:',
    statusFields(status, nowMs),
    'Conditions:',
    conditions(status, nowMs, paint),
  ].join('\n');
}

type Field = readonly [name: string, value: string | number | undefined];

function specFields(bot: SeenObject): string {
  const read = readSpec(bot);
  if (!read.ok) return `  It can't be understood: ${oneLine(specProblem(read.problems))}`;
  const { value: spec } = read;
  const { name, key } = spec.tokenSecretRef;
  return fields('  ', [
    ['Fleet', spec.fleet],
    ['Token', `key "${key}" of Secret ${name}`],
    ['Suspended', String(spec.suspended)],
    ['Max Concurrent', spec.updates.maxConcurrent],
    ['Log Level', spec.logLevel],
    ...spec.handlers.map((handler, index): Field => [`Handler ${index}`, handlerWords(handler)]),
  ]);
}

function handlerWords(handler: Handler): string {
  const { command, text, callback, joinRequest, membershipGate, forward } = handler;
  if (command) return `command /${command.name}`;
  if (forward) return `forward to ${forward.url}`;
  if (joinRequest) return `requests to join ${joinRequest.chat ?? 'any chat'}`;
  if (membershipGate) {
    return `membership gate: ${membershipGate.requires.map(({ chat }) => chat).join(', ')}`;
  }
  return callback ? `button ${matchWords(callback, callback.data)}` : textWords(text ?? {});
}

function textWords(match: Partial<NonNullable<Handler['text']>>): string {
  const { exact, pattern } = match;
  return pattern === undefined
    ? `text ${matchWords(match, exact)}`
    : `text that matches /${pattern}/`;
}

function matchWords({ prefix }: { readonly prefix?: string | undefined }, whole?: string): string {
  return whole === undefined ? `that begins with "${prefix ?? ''}"` : `"${whole}"`;
}

function statusFields(status: TenantBotStatus, nowMs: number): string {
  const { bot, token, placement, ownership, updates, health, counters, lastError } = status;
  const ago = (time: string | undefined): string | undefined =>
    time === undefined ? undefined : since(time, nowMs);
  return fields('  ', [
    ['Phase', status.phase],
    ['Bot', bot && `@${bot.username} (${bot.name}, id ${bot.id})`],
    ['Token', token && `${token.state}${token.message === '' ? '' : `: ${token.message}`}`],
    ['Checked', ago(token?.lastChecked)],
    ['Placement', placement && `shard ${placement.shard} of fleet ${placement.fleet}`],
    ['Ownership', ownership && ownershipWords(ownership)],
    ['Cooldown', cooldownWords(status, nowMs)],
    ['Health', health && healthWords(health)],
    ['Mode', updates?.mode],
    ['Last Update', ago(updates?.lastUpdateAt)],
    ['Started', ago(status.startedAt)],
    ['Uptime', uptime(status, nowMs)],
    ['Restarts', status.restarts],
    ['Counters', counters && counterWords(counters)],
    ['Last Error', lastError && `${lastError.message} (${since(lastError.time, nowMs)})`],
  ]);
}

function healthWords({ state, errorRate, avgResponseMs, lastError }: HealthStatus): string {
  const figures = `${errorRate} % of calls fail, ${avgResponseMs} ms on average`;
  return lastError === undefined
    ? `${state} (${figures})`
    : `${state} (${figures}; last: ${lastError})`;
}

/** Undefined where it is over. */
function cooldownWords({ cooldown }: TenantBotStatus, nowMs: number): string | undefined {
  if (!cooldown) return undefined;
  const { until } = cooldown;
  const leftMs = fromTimestamp(until) - nowMs;
  return leftMs > 0 ? `until ${until} (${formatAge(leftMs)} left), as Telegram asks` : undefined;
}

/** How long the bot ran in all, through restarts and crashes. */
function uptime(
  { phase, startedAt, counters }: TenantBotStatus,
  nowMs: number,
): string | undefined {
  if (startedAt === undefined) return undefined;
  const presentMs = phase === 'Running' ? nowMs - fromTimestamp(startedAt) : 0;
  return formatAge(presentMs + 1_000 * (counters?.uptimeSeconds ?? 0));
}

function counterWords(counters: Counters): string {
  return Object.entries(counters)
    .filter(([name]) => name !== 'uptimeSeconds')
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}

function ownershipWords({ code, expiresAt, verifiedBy, verifiedAt }: OwnershipStatus): string {
  return code === undefined
    ? `verified by Telegram user ${verifiedBy} at ${verifiedAt}`
    : `send ${code} to the bot in a private chat before ${expiresAt}`;
}

function conditions(status: TenantBotStatus, nowMs: number, paint?: Paint): string {
  const rows = (status.conditions ?? []).map(
    ({ type, status: holds, reason, lastTransitionTime, message }) => [
      type,
      holds,
      reason,
      formatAge(nowMs - fromTimestamp(lastTransitionTime)),
      message,
    ],
  );
  if (rows.length === 0) return '  <none>';
  const table = formatTable([['Type', 'Status', 'Reason', 'Since', 'Message'], ...rows], paint);
  return table.replaceAll(/^/gm, '  ');
}

function fields(indent: string, all: readonly Field[]): string {
  const rows = all.map(([name, value]) => [`${name}:`, oneLine(String(value ?? '<none>'))]);
  return formatTable(rows).replaceAll(/^/gm, indent);
}

function pairs(map: Readonly<Record<string, string>> | undefined): string | undefined {
  const all = Object.entries(map ?? {}).map(([key, value]) => `${key}=${value}`);
  return all.length === 0 ? undefined : all.join(', ');
}

function since(time: string, nowMs: number): string {
  return `${time} (${formatAge(nowMs - fromTimestamp(time))} ago)`;
}
