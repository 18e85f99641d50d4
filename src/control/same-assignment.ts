import { isDeepStrictEqual } from 'node:util';
import type { BotAssignment, ShardAssignment } from './port.ts';

/** Whether two assignments ask a runtime for the same. */
export function sameAssignment(a: ShardAssignment, b: ShardAssignment): boolean {
  return (
    a.shards === b.shards &&
    isDeepStrictEqual(a.fleet, b.fleet) &&
    a.bots.length === b.bots.length &&
    a.bots.every((bot, index) => sameBot(bot, b.bots[index]))
  );
}

/**
 * Whether two assignments of a bot ask for the same. What a bot resumes from is no reason to tell
 * again: it counts only when the bot starts.
 */
export function sameBot(a: BotAssignment, b: BotAssignment | undefined): boolean {
  return (
    b !== undefined &&
    a.uid === b.uid &&
    a.generation === b.generation &&
    a.epoch === b.epoch &&
    a.dropPending === b.dropPending &&
    isDeepStrictEqual(a.requests, b.requests) &&
    a.token.equals(b.token) &&
    a.signingKeys.size === b.signingKeys.size &&
    [...a.signingKeys].every(([index, key]) => b.signingKeys.get(index)?.equals(key))
  );
}
