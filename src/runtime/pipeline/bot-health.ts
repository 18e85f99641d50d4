import type { HealthStatus } from '../../api/health.ts';
import type { Moment } from './circuit-breaker.ts';

/** (first version) */
export class BotHealth {
  resume(_status: HealthStatus, _now: Moment): void {}
}
