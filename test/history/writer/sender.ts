import type { HistoryBatch, HistoryRecord } from '../../../src/api/history-records.ts';
import { errorCode } from '../../../src/lib/errors.ts';
import type { Random } from '../../../src/lib/random.ts';
import type { Oracle } from './oracle.ts';
import { error, NOON_MS, snapshot, transition, usage, verification } from './records.ts';

const AGAIN_AFTER_MS = 15;

/** What a sender works with. */
export interface SenderOptions {
  readonly session: string;
  readonly random: Random;
  readonly oracle: Oracle;
  /** Sends a batch to somebody who should be the leader. */
  readonly send: (batch: HistoryBatch) => Promise<void>;
}

/** Tells records like a runtime: a batch at a time, again and again until it is answered. */
export class Sender {
  readonly #options: SenderOptions;
  #seq = 0;
  #calls = 0;
  /** Batches that were answered, and tellings that were refused. */
  answered = 0;
  refused = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** Goes on until told to end, and then until the last batch is answered. */
  async start(signal: AbortSignal): Promise<void> {
    const { oracle, send, session } = this.#options;
    while (!signal.aborted) {
      const batch = { session, at: NOON_MS, dropped: {}, records: this.#records() };
      oracle.tell(batch);
      for (let isAnswered = false; !isAnswered; ) {
        isAnswered = await send(batch).then(
          () => true,
          (failure: unknown) => this.#again(failure),
        );
      }
      this.answered++;
    }
  }

  async #again(failure: unknown): Promise<false> {
    if (errorCode(failure) !== 'HISTORY_AWAY') throw failure;
    this.refused++;
    await new Promise((resolve) => {
      setTimeout(resolve, AGAIN_AFTER_MS);
    });
    return false;
  }

  #records(): readonly HistoryRecord[] {
    const { random } = this.#options;
    return Array.from({ length: 1 + Math.floor(random() * 60) }, () => {
      const of = { uid: random() < 0.5 ? 'uid-1' : 'uid-2' };
      const at = NOON_MS - Math.floor(random() * 3) * 86_400_000;
      this.#calls += 1 + Math.floor(random() * 5);
      const choice = random();
      if (choice < 0.6) return snapshot(this.#seq++, { ...of, at });
      if (choice < 0.7) return transition(this.#seq++, { ...of, at });
      if (choice < 0.8) return verification(this.#seq++, { ...of, at });
      if (choice < 0.9) return usage(this.#calls, of);
      return error(this.#calls, of);
    });
  }
}
