import type { BotReport, ControlPort, GrantHolder, ShardAssignment } from '../../control/port.ts';
import { sameAssignment } from '../../control/same-assignment.ts';
import { wholeGrant } from '../../control/whole-grant.ts';
import { News } from '../../lib/news.ts';

/**
 * The control channel within one process. Holds the newest assignment for whoever asks, and hands
 * reports on at once. The one shard that there is has the fleet's limits to itself.
 */
export class MemoryPort implements ControlPort {
  readonly #onReport: (report: BotReport) => void;
  readonly #news = new News();
  #latest: ShardAssignment | undefined;
  #holder: GrantHolder | undefined;
  #grants = 0;

  constructor(onReport: (report: BotReport) => void) {
    this.#onReport = onReport;
  }

  /** Makes `assignment` the newest. Does nothing where it says the same as the one before. */
  assign(assignment: ShardAssignment): void {
    if (this.#latest && sameAssignment(this.#latest, assignment)) return;
    this.#latest = assignment;
    this.#grant();
    this.#news.tell();
  }

  async *assignments(signal: AbortSignal): AsyncGenerator<ShardAssignment> {
    let told: ShardAssignment | undefined;
    while (!signal.aborted) {
      const latest = this.#latest;
      if (latest && latest !== told) {
        told = latest;
        yield latest;
      } else await this.#news.next(signal);
    }
  }

  report(report: BotReport): void {
    this.#onReport(report);
  }

  /** Who hands bots out here does so to nobody else. */
  ended(): void {}

  /** Always: nothing can come between. */
  inContact(): boolean {
    return true;
  }

  yield(): void {}

  connect(holder: GrantHolder): void {
    this.#holder = holder;
    this.#grant();
  }

  #grant(): void {
    if (this.#latest)
      this.#holder?.grant(wholeGrant(this.#latest.fleet.rateLimits, ++this.#grants), 0);
  }
}
