import type { HistoryAvailability } from '../../api/history-availability.ts';
import type { Clock } from '../../lib/clock.ts';

/** For how long drops are told of after the last one. */
const TOLD_FOR_MS = 3_600_000;

/** Whether what is told is kept, and whether all of it is. */
export class Availability {
  readonly #clock: Clock;
  /** Why nothing can be written at present, in words. */
  #away: string | undefined = 'nothing has been written yet';
  #droppedAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A transaction was committed. */
  written(): void {
    this.#away = undefined;
  }

  /** One failed, for the reason that these words give. */
  failed(why: string): void {
    this.#away = why;
  }

  /** A record is not kept. */
  dropped(): void {
    this.#droppedAtMs = this.#clock.monotonicMs();
  }

  now(): HistoryAvailability {
    if (this.#away !== undefined) return { reason: 'Unavailable', message: this.#away };
    if (this.#clock.monotonicMs() - this.#droppedAtMs > TOLD_FOR_MS) return KEPT;
    const message =
      'some records of the last hour are not kept: tenantbot_history_dropped_total tells which, and why';
    return { reason: 'RecordsDropped', message };
  }
}

const KEPT: HistoryAvailability = { reason: 'Kept', message: 'What happens to bots is kept.' };
