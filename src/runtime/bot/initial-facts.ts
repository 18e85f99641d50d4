import { NOTHING_DONE, type RuntimeFacts } from '../../api/runtime-facts.ts';
import type { BotAssignment } from '../../control/port.ts';
import { UNCHECKED } from './token-check.ts';

const NOTHING_KNOWN = {
  lifecycle: 'Starting',
  token: UNCHECKED,
  ...NOTHING_DONE,
} as const;

/** What there is to tell of a bot that begins, from what was known of it before. */
export function initialFacts({ generation, spec, resume }: BotAssignment): RuntimeFacts {
  const { token: _, offset: _offset, ownership, ...known } = resume ?? {};
  return {
    ...NOTHING_KNOWN,
    generation,
    ...known,
    ...(spec.ownership.required && ownership && { ownership }),
  };
}
