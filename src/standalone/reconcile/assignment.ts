import { type KeptFacts, laterOf, resumeOf } from '../../api/bot-recall.ts';
import type { BotRequests } from '../../api/bot-requests.ts';
import type { Placement } from '../../api/tenant-bot-status.ts';
import { goingOnAt } from '../../control/going-on.ts';
import type { BotAssignment } from '../../control/port.ts';
import { present } from '../../lib/present.ts';
import type { BotMemory } from './bot-memory.ts';
import type { GatheredBot } from './gather.ts';
import type { Seats } from './seats.ts';

/** What is known of a bot apart from its manifests. */
export interface KnownOfBot {
  readonly memory: BotMemory;
  readonly requests: BotRequests | undefined;
  readonly seats: Pick<Seats, 'handover'>;
  /** What the history knows of it. */
  readonly kept: KeptFacts | undefined;
}

/** What a shard needs to run the bot at `placement`; undefined where the Secrets don't give it. */
export function assignmentOf(
  { key, identity, manifest, token, signingKeys }: GatheredBot,
  { epoch }: Placement,
  { memory, requests, seats, kept }: KnownOfBot,
): BotAssignment | undefined {
  if (token.kind !== 'ok' || 'message' in signingKeys) return undefined;
  const { uid, generation } = identity;
  const { status, chatCooldowns, everStarted } = memory;
  const resume = resumeOf({ ...laterOf(status, kept), ...present({ chatCooldowns }) }, token.botId);
  const assignment = {
    uid,
    key,
    generation,
    epoch,
    spec: manifest.spec,
    token: token.token,
    signingKeys,
    dropPending: manifest.spec.updates.dropPending && !everStarted,
    ...(resume && { resume }),
    ...(requests && { requests }),
  };
  const offset = seats.handover(uid, token.botId);
  return offset === undefined ? assignment : goingOnAt(assignment, offset);
}
