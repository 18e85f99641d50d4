import type { Cooldowns } from '../api/cooldown.ts';
import { NOTHING_DONE } from '../api/runtime-facts.ts';
import { present } from '../lib/present.ts';
import type { BotAssignment } from './port.ts';

/** `assignment`, with its polls to begin at `offset`. */
export function goingOnAt(assignment: BotAssignment, offset: number): BotAssignment {
  const { counters } = NOTHING_DONE;
  return { ...assignment, resume: { counters, ...assignment.resume, offset } };
}

/** `assignment`, with the pauses that were told of last. */
export function goingOnPaused(
  assignment: BotAssignment,
  { cooldown, chatCooldowns }: Cooldowns,
): BotAssignment {
  const {
    cooldown: _,
    chatCooldowns: _chats,
    ...resume
  } = assignment.resume ?? {
    counters: NOTHING_DONE.counters,
  };
  return { ...assignment, resume: { ...resume, ...present({ cooldown, chatCooldowns }) } };
}
