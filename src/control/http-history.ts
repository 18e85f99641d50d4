import {
  type HistoryBatch,
  type HistorySink,
  historyAway,
  historyOff,
} from '../api/history-records.ts';
import type { ControlLog } from './control-log.ts';
import { HISTORY_PATH, historyAnswerSchema } from './history-messages.ts';
import { type LeaderAddress, LeaderLink, wordsOf } from './leader-link.ts';
import { PROTOCOL } from './messages.ts';

/** The leader as who keeps the history, over the network. */
export class HttpHistory implements HistorySink {
  readonly #link: LeaderLink;
  readonly #log: ControlLog;

  constructor(address: LeaderAddress, log: ControlLog) {
    this.#link = new LeaderLink(address);
    this.#log = log;
  }

  async write(batch: HistoryBatch, signal: AbortSignal): Promise<void> {
    const request = { path: HISTORY_PATH, body: { protocol: PROTOCOL, ...batch } };
    const outcome = await this.#link.post(request, historyAnswerSchema, signal);
    if (outcome.kind === 'answer') {
      this.#tellSkipped(outcome.answer.skipped);
      return;
    }
    const code = outcome.kind === 'problem' ? outcome.problem.code : undefined;
    // A leader of an earlier version knows nothing of any history.
    if (code === 'HISTORY_OFF' || code === 'NOT_FOUND') throw historyOff();
    throw historyAway(wordsOf(outcome));
  }

  /** Ends all connections, what is under way included. */
  close(): Promise<void> {
    return this.#link.close();
  }

  #tellSkipped(records: number): void {
    if (records === 0) return;
    this.#log.warn(
      `the leader skipped ${records} records of the history: it can't read them, or does not know that their bots were here`,
    );
  }
}
