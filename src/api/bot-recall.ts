import { present } from '../lib/present.ts';
import { ASPECT_CONDITIONS } from './bot-conditions.ts';
import type { BotRequests } from './bot-requests.ts';
import { type BreakerStatus, CLOSED_BREAKER } from './breaker.ts';
import type { Cooldowns } from './cooldown.ts';
import { type HealthStatus, UNKNOWN_HEALTH } from './health.ts';
import type { OwnershipStatus } from './ownership.ts';
import {
  ASPECTS,
  type Aspect,
  type AspectName,
  LIFECYCLES,
  type Lifecycle,
  type RuntimeFacts,
} from './runtime-facts.ts';
import type { BotIdentity, Counters, TenantBotStatus } from './tenant-bot-status.ts';
import type { TokenState } from './token.ts';

/**
 * What a runtime must have told for `status` to come out: the way back from `tenantBotStatus`. A
 * new leader goes by it until the runtime has told again, so that taking over changes no status.
 * Undefined where the status does not speak of a bot that a runtime told of.
 */
export function recallRuntime(status: TenantBotStatus): RuntimeFacts | undefined {
  const { phase, updates, counters, restarts = 0, token } = status;
  const lifecycle = LIFECYCLES.find((known): known is Lifecycle => known === phase);
  const generation = recallGeneration(status);
  if (!lifecycle || !updates || !counters || generation === undefined) return undefined;
  if (isSuspendedBySpec(status)) return undefined;
  const { bot, startedAt, lastError, handledRequests, ownership, cooldown } = status;
  return {
    lifecycle,
    generation,
    token: token?.lastChecked === undefined ? { state: 'UnknownError', message: '' } : token,
    updates: present(updates),
    counters,
    restarts,
    health: status.health ?? UNKNOWN_HEALTH,
    breaker: status.breaker ?? CLOSED_BREAKER,
    ...recallAspects(status),
    ...recallConflict(status),
    ...present({ bot, startedAt, lastError, handledRequests, ownership, cooldown }),
  };
}

function isSuspendedBySpec({ phase, conditions }: TenantBotStatus): boolean {
  const ready = conditions?.find(({ type }) => type === 'Ready');
  return phase === 'Suspended' && ready?.reason === 'Suspended';
}

function recallAspects({ conditions }: TenantBotStatus): Pick<RuntimeFacts, 'aspects'> {
  const aspects: Partial<Record<AspectName, Aspect>> = {};
  for (const name of ASPECTS) {
    const found = conditions?.find(({ type }) => type === ASPECT_CONDITIONS[name]);
    if (!found) continue;
    const { status, reason, message } = found;
    aspects[name] = { ok: status === 'True', reason, message };
  }
  return Object.keys(aspects).length === 0 ? {} : { aspects };
}

/** What a runtime tells of is as old as the spec that it goes by. */
function recallGeneration(status: TenantBotStatus): number | undefined {
  const { conditions = [], observedGeneration } = status;
  const told = conditions.flatMap(({ type, observedGeneration }) =>
    TOLD_CONDITIONS.has(type) ? (observedGeneration ?? []) : [],
  );
  return told.length > 0 ? Math.min(...told) : observedGeneration;
}

const TOLD_CONDITIONS: ReadonlySet<string> = new Set([
  'Ready',
  ...Object.values(ASPECT_CONDITIONS),
]);

function recallConflict({ conditions }: TenantBotStatus): Pick<RuntimeFacts, 'conflict'> {
  const found = conditions?.find(({ type }) => type === 'Conflict');
  if (found?.status !== 'True' || found.reason !== 'AnotherPoller') return {};
  return { conflict: { since: found.lastTransitionTime, message: found.message } };
}

/** What a bot that starts anew goes on from. */
export interface Resume extends Cooldowns {
  readonly bot?: BotIdentity;
  /** What Telegram said of the token last. */
  readonly token?: TokenState;
  readonly counters: Counters;
  readonly restarts?: number;
  readonly health?: HealthStatus;
  readonly breaker?: BreakerStatus;
  readonly handledRequests?: BotRequests;
  readonly ownership?: OwnershipStatus;
  /** Where polls begin: whoever ran the bot before has finished all updates below. */
  readonly offset?: number;
}

/** What the history knows of a bot: how it did when that was last kept. */
export interface KeptFacts extends Pick<RuntimeFacts, 'health' | 'breaker' | 'restarts'> {
  readonly counters: Pick<Counters, 'updates' | 'handled' | 'replies' | 'errors'>;
}

/** `known`, or what was kept of the bot where that is later: what is counted only grows. */
export function laterOf<Known extends Pick<TenantBotStatus, 'counters'>>(
  known: Known,
  kept: KeptFacts | undefined,
): Known {
  if (!kept || extentOf(kept) <= extentOf(known)) return known;
  return { ...known, ...kept, counters: { skipped: 0, ...known.counters, ...kept.counters } };
}

function extentOf({ counters }: { readonly counters?: KeptFacts['counters'] | undefined }): number {
  if (!counters) return -1;
  return counters.updates + counters.handled + counters.replies + counters.errors;
}

/**
 * What a status, or what a runtime has told, holds for the bot with the id `botId` to go on from;
 * undefined where it never ran.
 */
export function resumeOf(
  status: TenantBotStatus & Pick<Cooldowns, 'chatCooldowns'>,
  botId: number,
): Resume | undefined {
  const { bot, token, counters, restarts, health, breaker, handledRequests, ownership } = status;
  const { cooldown, chatCooldowns } = status;
  if (!counters) return undefined;
  const isSame = bot?.id === botId;
  const checked = token?.lastChecked === undefined ? undefined : token.state;
  return {
    counters,
    ...present({ restarts, health, breaker, handledRequests }),
    ...(isSame && present({ bot, ownership })),
    // Of a bot that never said who it is, all that is known is how its token fared.
    ...((isSame || !bot) && present({ token: checked, cooldown, chatCooldowns })),
  };
}
