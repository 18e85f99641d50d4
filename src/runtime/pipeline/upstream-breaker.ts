import type { BreakerState } from '../../api/breaker.ts';
import { CircuitBreaker } from './circuit-breaker.ts';

/** One breaker for Telegram as a whole. (first version: never opens) */
export class UpstreamBreaker {
  readonly #breaker = new CircuitBreaker();

  get state(): BreakerState {
    return this.#breaker.state;
  }
}
