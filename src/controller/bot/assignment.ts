import { type KeptFacts, laterOf, type Resume, resumeOf } from '../../api/bot-recall.ts';
import { requestsOf } from '../../api/bot-requests.ts';
import { NOTHING_DONE } from '../../api/runtime-facts.ts';
import type { Placement } from '../../api/tenant-bot-status.ts';
import type { BotAssignment } from '../../control/port.ts';
import type { GatheredBot } from './gather.ts';
import type { BotRecord } from './roster.ts';

/** What is known of a bot beyond what was gathered. */
export interface KnownOfBot {
  readonly record: Pick<BotRecord, 'told' | 'left' | 'status'>;
  /** Where its polls are to begin. */
  readonly offset: number | undefined;
  /** What the history knows of it. */
  readonly kept: KeptFacts | undefined;
}

/**
 * What a shard needs to run the bot at `placement`. Undefined where the Secrets don't give it: such
 * a bot is never to be run.
 */
export function assignmentOf(
  bot: GatheredBot,
  placement: Placement,
  from: KnownOfBot,
): BotAssignment | undefined {
  const { epoch, botId } = placement;
  const { key, uid, generation, spec, known } = bot;
  if (!spec.ok || known?.credentials.kind !== 'read') return undefined;
  const { token, signingKeys } = known.credentials;
  if (token.kind !== 'ok' || token.botId !== botId || 'message' in signingKeys) return undefined;
  const resume = resumeFrom(from, botId);
  const requests = requestsOf(bot.object.metadata.annotations);
  return {
    uid,
    key,
    generation,
    epoch,
    spec: spec.value,
    token: token.token,
    signingKeys,
    // Once it has ever started, its backlog is its own.
    dropPending: spec.value.updates.dropPending && !hasStarted(from),
    ...(resume && { resume }),
    ...(requests && { requests }),
  };
}

function hasStarted({ record: { told, left, status } }: KnownOfBot): boolean {
  return [told?.facts, left, status].some((known) => known?.startedAt !== undefined);
}

/** A runtime's words are newer than any status; what was kept may be newer than both. */
function resumeFrom({ record, offset, kept }: KnownOfBot, botId: number): Resume | undefined {
  const { told, left, status = {} } = record;
  const resume = resumeOf(laterOf(told?.facts ?? left ?? status, kept), botId);
  if (offset === undefined) return resume;
  return { counters: NOTHING_DONE.counters, ...resume, offset };
}
