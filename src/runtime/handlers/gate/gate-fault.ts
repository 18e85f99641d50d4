import { GrammyError } from 'grammy';
import { classifyThrown } from '../../telegram/call-error.ts';

/** Why a gate can't do its work somewhere, until a person acts; reasons of the condition GateReady. */
export const GATE_FAULTS = [
  'NotAdministrator',
  'ChatNotFound',
  'NotSupergroup',
  'CheckRefused',
] as const;
export type GateFault = (typeof GATE_FAULTS)[number];

/**
 * What a call about a member came to: a fault; `absent` where there is nobody to whom it could be
 * done; `passing` where nothing is known for now.
 */
export type Refused = GateFault | 'absent' | 'passing';

/** Telegram's words, and what they come down to. Those of a right that is missing are many. */
const REFUSALS: readonly (readonly [RegExp, Refused])[] = [
  [/user not found|participant_id_invalid|member not found|user_not_participant/i, 'absent'],
  [/is an administrator|chat owner|restrict self/i, 'absent'],
  [/only for supergroups/i, 'NotSupergroup'],
  [
    /chat not found|channel_invalid|username_not_occupied|upgraded to a supergroup/i,
    'ChatNotFound',
  ],
  [
    /inaccessible|admin|not enough rights|not a member|was kicked|channel_private/i,
    'NotAdministrator',
  ],
];

/** What it means to a gate that a call failed with `error`. */
export function refusedBy(error: unknown): Refused {
  if (classifyThrown(error).fault !== 'rejected') return 'passing';
  const words = error instanceof GrammyError ? error.description : '';
  return REFUSALS.find(([pattern]) => pattern.test(words))?.[1] ?? 'CheckRefused';
}
