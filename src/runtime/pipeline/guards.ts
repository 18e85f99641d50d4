import type { RuntimeFacts } from '../../api/runtime-facts.ts';
import type { BotAssignment } from '../../control/port.ts';
import type { Clock } from '../../lib/clock.ts';
import { BotHealth } from './bot-health.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import { momentOf } from './moment.ts';
import type { RecentMark } from './recent-bots.ts';
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
  /** Its place among the bots that the breaker of the shard counts. */
  readonly recent: RecentMark = { slot: undefined, failed: false };
  /** What the spec in effect says; steps read it with each call. */
  settings: GuardSettings;
  #toldBreaker = this.breaker.state;
  #toldHealth = this.health.state;

  constructor({ spec, resume }: Pick<BotAssignment, 'spec' | 'resume'>, clock: Clock) {
    this.settings = spec;
    const now = momentOf(clock);
    if (resume?.breaker) this.breaker.resume(resume.breaker, now);
    if (resume?.health) this.health.resume(resume.health, now.monotonicMs);
    this.takeChange();
  }

  /** Goes by another spec from now on; what is known stays. */
  apply(spec: GuardSettings): void {
    this.settings = spec;
  }

  /** Whether breaker or health are in another state than at the last question. */
  takeChange(): boolean {
    const changed =
      this.#toldBreaker !== this.breaker.state || this.#toldHealth !== this.health.state;
    this.#toldBreaker = this.breaker.state;
    this.#toldHealth = this.health.state;
    return changed;
  }

  /** What there is to tell of them. */
  facts(nowMs: number): Pick<RuntimeFacts, 'breaker' | 'health'> {
    return {
      breaker: this.breaker.status(this.settings.breaker),
      health: this.health.status(nowMs),
    };
  }
}

/** In how long it is worth trying a call; 0 where no breaker holds it back. */
export function retryAfterMs(bot: BotGuards, shard: ShardGuards, nowMs: number): number {
  const ownMs = bot.breaker.retryAfterMs(bot.settings.breaker, nowMs);
  return Math.max(ownMs, shard.upstream.retryAfterMs(nowMs));
}
