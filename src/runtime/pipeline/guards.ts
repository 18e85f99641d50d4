import type { BotAssignment } from '../../control/port.ts';
import type { Clock } from '../../lib/clock.ts';
import { BotHealth } from './bot-health.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import { UpstreamBreaker } from './upstream-breaker.ts';

/** What a spec says of how the calls of its bot are guarded. */
export type GuardSettings = Pick<BotAssignment['spec'], 'breaker' | 'retry' | 'limits'>;

/** What guards the calls of all bots of a runtime together. */
export class ShardGuards {
  readonly upstream = new UpstreamBreaker();
}

/**
 * What guards the calls of one bot. It outlives restarts of the bot, and goes on from what was
 * known of the bot before. Records alone: an idle bot has no timer and no callback here.
 */
export class BotGuards {
  readonly breaker = new CircuitBreaker();
  readonly health = new BotHealth();
  /** What the spec in effect says; steps read it with each call. */
  settings: GuardSettings;

  constructor({ spec, resume }: Pick<BotAssignment, 'spec' | 'resume'>, clock: Clock) {
    this.settings = spec;
    const now = { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() };
    if (resume?.breaker) this.breaker.resume(resume.breaker, now);
    if (resume?.health) this.health.resume(resume.health, now);
  }

  /** Goes by another spec from now on; what is known stays. */
  apply(spec: GuardSettings): void {
    this.settings = spec;
  }
}
