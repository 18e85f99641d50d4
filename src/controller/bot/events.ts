import type { Condition } from '../../api/conditions.ts';
import type { TenantBotStatus } from '../../api/tenant-bot-status.ts';

/** Something that happened to a bot, for people. */
export interface BotEvent {
  readonly type: 'Normal' | 'Warning';
  /** A reason of docs/conditions.md. */
  readonly reason: string;
  /** What the operator was doing. */
  readonly action: 'Place' | 'Run' | 'Drain';
  readonly note: string;
}

/**
 * What the step from one written status to the next is worth telling: a pure function. Steps on the
 * way (placed but not reported, starting) are none, so that a bot that starts tells twice.
 */
export function eventsBetween(
  before: TenantBotStatus | undefined,
  after: TenantBotStatus,
): BotEvent[] {
  return [placed(before, after), ready(before, after)].filter((event) => event !== undefined);
}

function placed(
  before: TenantBotStatus | undefined,
  { placement }: TenantBotStatus,
): BotEvent | undefined {
  if (placement?.botId === undefined || placement.epoch === before?.placement?.epoch) {
    return undefined;
  }
  const note = `Placed on shard ${placement.shard} of fleet "${placement.fleet}".`;
  return { type: 'Normal', reason: 'Placed', action: 'Place', note };
}

function ready(before: TenantBotStatus | undefined, after: TenantBotStatus): BotEvent | undefined {
  const now = find(after, 'Ready');
  if (!now || sayTheSame(find(before, 'Ready'), now)) return undefined;
  const { reason, message: note } = now;
  if (now.status === 'True') {
    const isNew = find(before, 'Ready')?.status !== 'True';
    return isNew ? { type: 'Normal', reason, action: 'Run', note } : undefined;
  }
  if (reason === 'Suspended') return { type: 'Normal', reason, action: 'Drain', note };
  const isTrouble = find(after, 'Stalled') !== undefined || TROUBLE.has(reason);
  return isTrouble ? { type: 'Warning', reason, action: 'Run', note } : undefined;
}

/** Reasons why a bot is not Ready that may end by themselves, and that people should hear of. */
const TROUBLE = new Set(['Restarting', 'Unauthorized', 'NetworkError', 'Timeout', 'UnknownError']);

function find(status: TenantBotStatus | undefined, type: string): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

/** Messages alone make no event: they may count something. */
function sayTheSame(a: Condition | undefined, b: Condition): boolean {
  return a?.status === b.status && a.reason === b.reason;
}
