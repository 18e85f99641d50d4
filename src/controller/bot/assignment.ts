import { type Resume, resumeOf } from '../../api/bot-recall.ts';
import { requestsOf } from '../../api/bot-requests.ts';
import { NOTHING_DONE, type RuntimeFacts } from '../../api/runtime-facts.ts';
import type { Placement, TenantBotStatus } from '../../api/tenant-bot-status.ts';
import type { BotAssignment } from '../../control/port.ts';
import type { GatheredBot } from './gather.ts';

/** What is known of a bot beyond what was gathered. */
export interface KnownOfBot {
  readonly status: TenantBotStatus | RuntimeFacts | undefined;
  /** Where its polls are to begin. */
  readonly offset: number | undefined;
}

/**
 * What a shard needs to run the bot at `placement`. Undefined where the Secrets don't give it: such
 * a bot is never to be run.
 */
export function assignmentOf(
  bot: GatheredBot,
  placement: Placement,
  { status = {}, offset }: KnownOfBot,
): BotAssignment | undefined {
  const { epoch, botId } = placement;
  const { key, uid, generation, spec, known } = bot;
  if (!spec.ok || known?.credentials.kind !== 'read') return undefined;
  const { token, signingKeys } = known.credentials;
  if (token.kind !== 'ok' || token.botId !== botId || 'message' in signingKeys) return undefined;
  const resume = withOffset(resumeOf(status, botId), offset);
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
    dropPending: spec.value.updates.dropPending && status.startedAt === undefined,
    ...(resume && { resume }),
    ...(requests && { requests }),
  };
}

function withOffset(resume: Resume | undefined, offset: number | undefined): Resume | undefined {
  if (offset === undefined) return resume;
  return { counters: NOTHING_DONE.counters, ...resume, offset };
}
