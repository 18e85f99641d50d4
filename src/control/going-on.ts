import { NOTHING_DONE } from '../api/runtime-facts.ts';
import type { BotAssignment } from './port.ts';

/** `assignment`, with its polls to begin at `offset`. */
export function goingOnAt(assignment: BotAssignment, offset: number): BotAssignment {
  const { counters } = NOTHING_DONE;
  return { ...assignment, resume: { counters, ...assignment.resume, offset } };
}
