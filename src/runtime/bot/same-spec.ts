import type { BotAssignment } from '../../control/port.ts';

/** Whether two assignments of one bot, with one token, have the same spec and keys. */
export function saysTheSame(one: BotAssignment, other: BotAssignment): boolean {
  return (
    one.generation === other.generation &&
    one.signingKeys.size === other.signingKeys.size &&
    [...one.signingKeys].every(([place, key]) => other.signingKeys.get(place)?.equals(key) ?? false)
  );
}
