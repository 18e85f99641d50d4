import { formatAge } from '../../api/column-value.ts';
import type { Handler } from '../../api/handlers.ts';
import type { OwnershipStatus } from '../../api/ownership.ts';
import type { TenantBot } from '../../api/tenant-bot.ts';
import type { Counters } from '../../api/tenant-bot-status.ts';
import { fromTimestamp } from '../../lib/clock.ts';
import type { BotName } from '../bot-access.ts';
import type { LocalClient } from '../local-client.ts';
import { formatTable } from '../table.ts';
import { oneLine } from '../terminal-text.ts';
import type { Io } from './io.ts';

/** `tenantbot describe`: one bot with all that is known of it, as `kubectl describe` lays it out. */
export async function runDescribe(
  client: LocalClient,
  options: BotName & { readonly nowMs: number },
  io: Io,
): Promise<void> {
  const object = await client.get({ plural: 'tenantbots' }, options);
  if (object.kind === 'TenantBot') io.out(describeBot(object, options.nowMs));
}

/** The text of `tenantbot describe`. */
export function describeBot(bot: TenantBot, nowMs: number): string {
  return [
    fields('', [
      ['Name', bot.metadata.name],
      ['Namespace', bot.metadata.namespace],
      ['Labels', pairs(bot.metadata.labels)],
      ['Annotations', pairs(bot.metadata.annotations)],
      ['Kind', `${bot.kind} (${bot.apiVersion})`],
      ['Created', since(bot.metadata.creationTimestamp, nowMs)],
      ['UID', bot.metadata.uid],
      ['Generation', String(bot.metadata.generation)],
    ]),
    'Spec:',
    specFields(bot),
    'Status:',
    statusFields(bot, nowMs),
    'Conditions:',
    conditions(bot, nowMs),
  ].join('\n');
}

type Field = readonly [name: string, value: string | number | undefined];

function specFields({ spec }: TenantBot): string {
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

function statusFields({ status = {} }: TenantBot, nowMs: number): string {
  const { bot, token, placement, ownership, updates, counters, lastError } = status;
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
    ['Mode', updates?.mode],
    ['Last Update', ago(updates?.lastUpdateAt)],
    ['Started', ago(status.startedAt)],
    ['Uptime', uptime(status, nowMs)],
    ['Restarts', status.restarts],
    ['Counters', counters && counterWords(counters)],
    ['Last Error', lastError && `${lastError.message} (${since(lastError.time, nowMs)})`],
  ]);
}

/** Undefined where it is over. */
function cooldownWords(
  { cooldown }: NonNullable<TenantBot['status']>,
  nowMs: number,
): string | undefined {
  if (!cooldown) return undefined;
  const { until } = cooldown;
  const leftMs = fromTimestamp(until) - nowMs;
  return leftMs > 0 ? `until ${until} (${formatAge(leftMs)} left), as Telegram asks` : undefined;
}

/** How long the bot ran in all, through restarts and crashes. */
function uptime(
  { phase, startedAt, counters }: NonNullable<TenantBot['status']>,
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

function conditions({ status }: TenantBot, nowMs: number): string {
  const rows = (status?.conditions ?? []).map(
    ({ type, status: holds, reason, lastTransitionTime, message }) => [
      type,
      holds,
      reason,
      formatAge(nowMs - fromTimestamp(lastTransitionTime)),
      message,
    ],
  );
  if (rows.length === 0) return '  <none>';
  const table = formatTable([['Type', 'Status', 'Reason', 'Since', 'Message'], ...rows]);
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
