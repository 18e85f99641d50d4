import { isDeepStrictEqual } from 'node:util';
import { present } from '../lib/present.ts';
import { checkedToken, isDrained } from './bot-checks.ts';
import { botFindings, withEndedConflict } from './bot-conditions.ts';
import type { BotFacts } from './bot-facts.ts';
import { stampConditions } from './conditions.ts';
import type { RuntimeFacts } from './runtime-facts.ts';
import type { Phase, TenantBotStatus, TokenStatus } from './tenant-bot-status.ts';

/** Where a bot is in its life. */
export function phaseOf(facts: BotFacts): Phase {
  const { deletion, suspended, runtime } = facts;
  if (deletion) return isDrained(facts) ? 'Stopped' : 'Stopping';
  if (suspended) return isDrained(facts) ? 'Suspended' : 'Stopping';
  return runtime?.lifecycle ?? 'Pending';
}

/**
 * The whole status of a TenantBot: a pure function. Is `previous` itself where nothing has
 * changed, so that the same facts never cause a second write. What only a runtime knows (who the
 * bot is, counters) stays as it was last told while there is none. `now` is RFC 3339.
 */
export function tenantBotStatus(
  facts: BotFacts,
  previous: TenantBotStatus | undefined,
  now: string,
): TenantBotStatus {
  const { generation, runtime, placement = facts.keptPlacement } = facts;
  const before = previous?.conditions ?? [];
  const findings = withEndedConflict(botFindings(facts), before);
  const token = tokenStatus(facts);
  const status: TenantBotStatus = {
    ...known(sameBotOnly(previous, facts)),
    ...known(sameBotOnly(runtime, facts)),
    ...ownership(sameBotOnly(runtime ?? previous, facts)),
    ...cooldown(sameBotOnly(runtime ?? previous, facts)),
    ...suspendedHealth(facts, runtime ?? previous),
    observedGeneration: generation,
    phase: phaseOf(facts),
    conditions: stampConditions(findings, { previous: before, generation, now }),
    ...(token && { token }),
    ...(placement && { placement }),
  };
  return previous && isDeepStrictEqual(status, previous) ? previous : status;
}

/**
 * How much a reader would care for the step from `previous` to `next`: `None` and nothing is to be
 * written, `Activity` where only traffic went on (counters, times), which may wait, `Transition`
 * for all else, which is to be written at once.
 */
export function statusChange(
  previous: TenantBotStatus | undefined,
  next: TenantBotStatus,
): 'None' | 'Activity' | 'Transition' {
  if (previous === undefined) return 'Transition';
  if (isDeepStrictEqual(previous, next)) return 'None';
  return isDeepStrictEqual(withoutTraffic(previous), withoutTraffic(next))
    ? 'Activity'
    : 'Transition';
}

/** Whether nothing but traffic went on between two reports of a runtime. */
export function sameButForTraffic(before: RuntimeFacts, after: RuntimeFacts): boolean {
  return isDeepStrictEqual(withoutTraffic(before), withoutTraffic(after));
}

/** `status` without what changes with every update and every check. */
function withoutTraffic(status: TenantBotStatus | RuntimeFacts): object {
  const { updates, lastError, token, health, breaker } = status;
  return {
    ...status,
    counters: undefined,
    updates: updates && { ...updates, lastUpdateAt: undefined },
    lastError: lastError?.fingerprint,
    health: health?.state,
    breaker: breaker?.state,
    cooldown: undefined,
    chatCooldowns: undefined,
    token: token && { ...token, lastChecked: undefined },
  };
}

/** `from` without who the bot is, where the token has become that of another bot. */
function sameBotOnly(
  from: Partial<TenantBotStatus> | undefined,
  { token }: BotFacts,
): Partial<TenantBotStatus> | undefined {
  const isAnother = token.kind === 'found' && from?.bot && from.bot.id !== token.botId;
  return isAnother ? { ...from, bot: undefined, cooldown: undefined } : from;
}

/** What stays true of a bot while no runtime tells of it. */
function known(from: Partial<TenantBotStatus> = {}): Partial<TenantBotStatus> {
  const { bot, updates, health, breaker, counters, restarts, startedAt, lastError } = from;
  const { handledRequests } = from;
  return present({
    bot,
    updates,
    health,
    breaker,
    counters,
    restarts,
    startedAt,
    lastError,
    handledRequests,
  });
}

/** Of the same bot alone; a runtime that does not speak of it says that nothing is to be proved. */
function ownership(last: Partial<TenantBotStatus> | undefined): Pick<TenantBotStatus, 'ownership'> {
  return last?.bot && last.ownership ? { ownership: last.ownership } : {};
}

/** A runtime that does not speak of one says that it is over. */
function cooldown(last: Partial<TenantBotStatus> | undefined): Pick<TenantBotStatus, 'cooldown'> {
  return last?.cooldown ? { cooldown: last.cooldown } : {};
}

/** A bot that is not to run is neither well nor ill. */
function suspendedHealth(
  facts: BotFacts,
  last: Partial<TenantBotStatus> | undefined,
): Pick<TenantBotStatus, 'health'> {
  if (phaseOf(facts) !== 'Suspended' || !last?.health) return {};
  return { health: { ...last.health, state: 'Suspended' } };
}

function tokenStatus({ token, runtime }: BotFacts): TokenStatus | undefined {
  switch (token.kind) {
    case 'missing':
      return { state: 'Missing', message: token.message };
    case 'invalid':
    // The id in front is part of the form.
    case 'other':
      return { state: 'InvalidFormat', message: token.message };
    case 'unreadable':
      return { state: 'UnknownError', message: token.message };
    case 'found':
      return checkedToken(runtime?.token);
    default:
      return token satisfies never;
  }
}
