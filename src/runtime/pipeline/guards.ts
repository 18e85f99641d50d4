import type { BreakerState } from '../../api/breaker.ts';
import type { Cooldowns } from '../../api/cooldown.ts';
import type { RuntimeFacts } from '../../api/runtime-facts.ts';
import type { BotAssignment } from '../../control/port.ts';
import type { Clock } from '../../lib/clock.ts';
import { BotHealth } from './bot-health.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import { momentOf } from './moment.ts';
import { BotRates } from './rates/bot-rates.ts';
import { GrantedFleetRate } from './rates/granted-fleet-rate.ts';
import { RateWaits } from './rates/rate-waits.ts';
import { ThrottledBots } from './rates/throttled-bots.ts';
import type { RecentMark } from './recent-bots.ts';
import { RetryBudget } from './retries/retry-budget.ts';
import { RetryStatistics } from './retries/retry-statistics.ts';
import { UpstreamBreaker } from './upstream-breaker.ts';

/** What a spec says of how the calls of its bot are guarded. */
export type GuardSettings = Pick<BotAssignment['spec'], 'breaker' | 'retry' | 'limits'>;

/** What guards the calls of all bots of a runtime together. */
export class ShardGuards {
  readonly upstream: UpstreamBreaker;
  readonly retryBudget: RetryBudget;
  readonly retryStatistics: RetryStatistics;
  readonly throttledBots = new ThrottledBots();
  readonly fleetRate: GrantedFleetRate;
  readonly rateWaits: RateWaits;

  /** `onUpstream` is told when the breaker of the shard changes its state. */
  constructor(
    clock: Clock,
    retryStatistics = new RetryStatistics(clock),
    onUpstream: (state: BreakerState) => void = () => undefined,
    rateWaits = new RateWaits(clock),
  ) {
    this.rateWaits = rateWaits;
    this.upstream = new UpstreamBreaker(onUpstream);
    this.retryBudget = new RetryBudget(clock.monotonicMs());
    this.retryStatistics = retryStatistics;
    this.fleetRate = new GrantedFleetRate({
      clock,
      throttled: () => this.throttledBots.count(clock.monotonicMs()),
    });
  }
}

/**
 * What guards the calls of one bot. It outlives restarts of the bot, and goes on from what was
 * known of the bot before. Records alone: an idle bot has no timer and no callback here.
 */
export class BotGuards implements RecentMark {
  readonly breaker = new CircuitBreaker();
  readonly health = new BotHealth();
  readonly rates: BotRates;
  recentSlot: number | undefined;
  recentlyFailed = false;
  /** What the spec in effect says; steps read it with each call. */
  settings: GuardSettings;
  #toldBreaker = this.breaker.state;
  #toldHealth = this.health.state;

  constructor({ spec, resume }: Pick<BotAssignment, 'spec' | 'resume'>, clock: Clock) {
    this.settings = spec;
    this.rates = new BotRates(spec, clock);
    const now = momentOf(clock);
    if (resume) this.rates.resume(resume, now);
    if (resume?.breaker) this.breaker.resume(resume.breaker, now);
    if (resume?.health) this.health.resume(resume.health, now.monotonicMs);
    this.takeChange();
  }

  /** Goes by another spec from now on; what is known stays. */
  apply(spec: GuardSettings): void {
    this.settings = spec;
    this.rates.apply(spec);
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
  facts(nowMs: number): Pick<RuntimeFacts, 'breaker' | 'health' | keyof Cooldowns> {
    return {
      ...this.rates.cooldowns(nowMs),
      breaker: this.breaker.status(this.settings.breaker),
      health: this.health.status(nowMs),
    };
  }
}
