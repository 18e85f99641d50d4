import { resumeOf } from '../../api/bot-recall.ts';
import { requestsOf } from '../../api/bot-requests.ts';
import type { Placement, TenantBotStatus } from '../../api/tenant-bot-status.ts';
import type { BotAssignment } from '../../control/port.ts';
import type { GatheredBot } from './gather.ts';

/**
 * What a shard needs to run the bot at `placement`. Undefined where the Secrets don't give it: such
 * a bot is never to be run.
 */
export function assignmentOf(
  bot: GatheredBot,
  { epoch, botId }: Placement,
  status: TenantBotStatus = {},
): BotAssignment | undefined {
  const { key, uid, generation, spec, known } = bot;
  if (!spec.ok || known?.credentials.kind !== 'read') return undefined;
  const { token, signingKeys } = known.credentials;
  if (token.kind !== 'ok' || token.botId !== botId || 'message' in signingKeys) return undefined;
  const resume = resumeOf(status, botId);
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
