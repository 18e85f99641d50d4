import type { BotReport } from './port.ts';

/**
 * The last report of each bot, until the leader has it: a newer one replaces it. What was
 * acknowledged is kept too, for a leader to come. As large as the number of bots.
 */
export class ReportBuffer {
  readonly #latest = new Map<string, BotReport>();
  /** uids whose last report the leader may not have, longest waiting first. */
  readonly #pending = new Set<string>();
  #replaced = 0;

  /** How many reports were replaced before the leader had them. */
  get replaced(): number {
    return this.#replaced;
  }

  /** How many reports the leader may not have. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Takes a report; returns the bot's one before. */
  put(report: BotReport): BotReport | undefined {
    const before = this.#latest.get(report.uid);
    if (this.#pending.has(report.uid)) this.#replaced++;
    this.#latest.set(report.uid, report);
    this.#pending.add(report.uid);
    return before;
  }

  /** What to send next; stays here until it is acknowledged. */
  take(limit: number): BotReport[] {
    const reports: BotReport[] = [];
    for (const uid of this.#pending) {
      const report = this.#latest.get(uid);
      if (reports.length === limit) break;
      if (report) reports.push(report);
    }
    return reports;
  }

  /** The leader has `reports`. Those of bots that are not `kept` are dropped. */
  acknowledge(reports: readonly BotReport[], kept: (uid: string) => boolean): void {
    for (const report of reports) {
      if (this.#latest.get(report.uid) !== report) continue;
      this.#pending.delete(report.uid);
      if (!kept(report.uid)) this.#latest.delete(report.uid);
    }
  }

  /** Another leader has nothing yet. */
  resendAll(): void {
    for (const uid of this.#latest.keys()) this.#pending.add(uid);
  }
}
