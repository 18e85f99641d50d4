import type { Clock } from '../../lib/clock.ts';

/** For how long drops are told of after the last one. */
const TOLD_FOR_MS = 3_600_000;

/** Whether the history is written, as a condition of a fleet tells it. */
export interface HistoryAvailability {
  readonly ok: boolean;
  /** One word in CamelCase. */
  readonly reason: string;
  readonly message: string;
}

/** Whether what is told is kept, and whether all of it is. */
export class Availability {
  readonly #clock: Clock;
  #away: HistoryAvailability | undefined = {
    ok: false,
    reason: 'Starting',
    message: 'nothing has been written yet',
  };
  #droppedAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A transaction was committed. */
  written(): void {
    this.#away = undefined;
  }

  /** One failed, with an error of that code and these words. */
  failed(code: string, message: string): void {
    this.#away = { ok: false, reason: camelCase(code), message };
  }

  /** A record is not kept. */
  dropped(): void {
    this.#droppedAtMs = this.#clock.monotonicMs();
  }

  now(): HistoryAvailability {
    if (this.#away) return this.#away;
    if (this.#clock.monotonicMs() - this.#droppedAtMs > TOLD_FOR_MS) {
      return { ok: true, reason: 'Writing', message: 'what is told is kept' };
    }
    const message =
      'some records of the last hour are not kept: tenantbot_history_dropped_total tells which, and why';
    return { ok: true, reason: 'RecordsDropped', message };
  }
}

/** `DATABASE_AWAY` as `DatabaseAway`. */
function camelCase(code: string): string {
  return code
    .toLowerCase()
    .replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
