import { Counter, type Registry } from 'prom-client';
import { VERIFICATION_OUTCOMES, type VerificationOutcome } from '../../../api/history-records.ts';

/** How often what became of somebody at a membership gate, over all bots of a runtime. */
export class Verifications {
  readonly #counts = new Map<VerificationOutcome, number>();

  count(outcome: VerificationOutcome): void {
    this.#counts.set(outcome, this.of(outcome) + 1);
  }

  of(outcome: VerificationOutcome): number {
    return this.#counts.get(outcome) ?? 0;
  }
}

/** Shows `verifications` in `registry`, as `tenantbot_verifications_total`. */
export function meterVerifications(registry: Registry, verifications: Verifications): void {
  // The registry keeps it.
  void new Counter({
    name: 'tenantbot_verifications_total',
    help: 'What became of users at membership gates',
    labelNames: ['outcome'],
    registers: [registry],
    collect() {
      this.reset();
      for (const outcome of VERIFICATION_OUTCOMES) {
        this.inc({ outcome }, verifications.of(outcome));
      }
    },
  });
}
