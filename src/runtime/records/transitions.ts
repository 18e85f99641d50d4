import type { TransitionKind } from '../../api/history-records.ts';
import type { RuntimeFacts } from '../../api/runtime-facts.ts';
import { withoutData } from '../bot/fingerprint.ts';

/** A state that has changed. */
export interface Change {
  readonly of: TransitionKind;
  readonly from?: string;
  readonly to: string;
  readonly cause?: string;
}

/** A state that a bot tells of, and what to say where it has changed. */
interface Told {
  readonly of: TransitionKind;
  /** Undefined while it is not known. */
  readonly state: (facts: RuntimeFacts) => string | undefined;
  /** Why it is so, where that is worth saying. */
  readonly cause: (facts: RuntimeFacts) => string | undefined;
}

const TOLD: readonly Told[] = [
  {
    of: 'lifecycle',
    state: ({ lifecycle }) => lifecycle,
    cause: ({ lifecycle, lastError, token }) => {
      if (lifecycle === 'Suspended') return token.message;
      return lifecycle === 'Restarting' || lifecycle === 'Crashed' ? lastError?.message : undefined;
    },
  },
  {
    of: 'token',
    state: ({ token }) =>
      token.state === 'UnknownError' && token.lastChecked === undefined ? undefined : token.state,
    cause: ({ token }) => token.message,
  },
  {
    of: 'health',
    state: ({ health }) => health.state,
    cause: ({ health }) => (health.state === 'Healthy' ? undefined : health.lastError),
  },
  {
    of: 'breaker',
    state: ({ breaker }) => breaker.state,
    cause: ({ breaker, health }) => (breaker.state === 'Open' ? health.lastError : undefined),
  },
];

/**
 * The states that are others in `now` than in `before`. With nothing before, all of them: what they
 * were is not known then.
 */
export function changesBetween(before: RuntimeFacts | undefined, now: RuntimeFacts): Change[] {
  const changes: Change[] = [];
  for (const { of, state, cause } of TOLD) {
    const to = state(now);
    const from = before && state(before);
    if (to === undefined || to === from) continue;
    const why = cause(now);
    changes.push({ of, to, ...(from && { from }), ...(why && { cause: withoutData(why) }) });
  }
  return changes;
}
