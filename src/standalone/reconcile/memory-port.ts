import type { BotReport, ControlPort, ShardAssignment } from '../../control/port.ts';
import { sameAssignment } from '../../control/same-assignment.ts';

/**
 * The control channel within one process. Holds the newest assignment for whoever asks, and hands
 * reports on at once.
 */
export class MemoryPort implements ControlPort {
  readonly #onReport: (report: BotReport) => void;
  readonly #waiting = new Set<() => void>();
  #latest: ShardAssignment | undefined;

  constructor(onReport: (report: BotReport) => void) {
    this.#onReport = onReport;
  }

  /** Makes `assignment` the newest. Does nothing where it says the same as the one before. */
  assign(assignment: ShardAssignment): void {
    if (this.#latest && sameAssignment(this.#latest, assignment)) return;
    this.#latest = assignment;
    for (const wake of this.#waiting) wake();
  }

  async *assignments(signal: AbortSignal): AsyncGenerator<ShardAssignment> {
    let told: ShardAssignment | undefined;
    while (!signal.aborted) {
      const latest = this.#latest;
      if (latest && latest !== told) {
        told = latest;
        yield latest;
      } else await this.#news(signal);
    }
  }

  report(report: BotReport): void {
    this.#onReport(report);
  }

  #news(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }
}
