import { type HistorySink, MAX_RECORDS } from '../api/history-records.ts';
import { type BackoffPolicy, equalJitterMs } from '../lib/backoff.ts';
import { type Clock, sleep, type Timer } from '../lib/clock.ts';
import { errorCode, errorMessage } from '../lib/errors.ts';
import type { Random } from '../lib/random.ts';
import type { ControlLog } from './control-log.ts';
import type { HistoryBuffer } from './history-buffer.ts';

/** How a batch can end: kept, to be sent again, or not wanted since there is no history. */
export const SEND_RESULTS = ['kept', 'away', 'off'] as const;
export type SendResult = (typeof SEND_RESULTS)[number];

/** What a {@link HistorySender} works with. */
export interface HistorySenderOptions {
  readonly buffer: HistoryBuffer;
  readonly sink: HistorySink;
  /** A random text, new for each start. */
  readonly session: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: ControlLog;
  /** Hears how each batch ended. */
  readonly onSent?: (result: SendResult) => void;
}

/** How long the first record waits for others, so that they travel together. */
const COALESCE_MS = 100;
const RETRY: BackoffPolicy = { initialMs: 500, maxMs: 15_000 };
/** Before it is said that nobody keeps what there is. */
const PATIENCE_MS = 10_000;
/** Where there was no history, one may have been set up. */
const ASK_AGAIN_MS = 60_000;
/** How long what is left may take at the end, and how long to wait between tries then. */
const FAREWELL_MS = 1_200;
const FAREWELL_PAUSE_MS = 100;

/**
 * Hands what a buffer holds to whoever keeps it, one batch after the other. What was not kept goes
 * back into the buffer, and is tried again after a pause; whether it was kept after all does not
 * matter, since records may be told twice.
 */
export class HistorySender {
  readonly #options: HistorySenderOptions;
  #failures = 0;
  #last: SendResult | undefined;
  /** Since when nobody keeps what there is. */
  #awaySinceMs: number | undefined;
  #warned = false;

  constructor(options: HistorySenderOptions) {
    this.#options = options;
  }

  /**
   * Sends until `signal` aborts, and then what is left, if that takes no longer than 1.2 s. Never
   * rejects.
   */
  async start(signal: AbortSignal): Promise<void> {
    const { buffer, clock, log } = this.#options;
    const end = new AbortController();
    let timer: Timer | undefined;
    const farewell = (): void => {
      timer = clock.setTimer(FAREWELL_MS, () => end.abort());
    };
    if (signal.aborted) farewell();
    else signal.addEventListener('abort', farewell, { once: true });
    while (!signal.aborted) await this.#turn(signal, end.signal);
    while (buffer.waiting > 0 && !end.signal.aborted) {
      const result = await this.#send(end.signal);
      if (result === 'away') await this.#pause(FAREWELL_PAUSE_MS, end.signal);
    }
    timer?.cancel();
    const { waiting } = buffer;
    if (waiting > 0) log.warn(`${waiting} records of the history were left untold`);
  }

  /** Waits for what there is to send, and sends it. The batch itself may go on until `end`. */
  async #turn(signal: AbortSignal, end: AbortSignal): Promise<void> {
    const { buffer, random } = this.#options;
    if (buffer.isOpen && buffer.waiting === 0) await buffer.news.next(signal);
    if (this.#last !== 'off') await this.#pause(COALESCE_MS, signal);
    if (signal.aborted) return;
    const result = await this.#send(end);
    if (result === 'off') await this.#pause(ASK_AGAIN_MS, signal);
    if (result === 'away') {
      await this.#pause(equalJitterMs(RETRY, this.#failures++, random), signal);
    } else this.#failures = 0;
  }

  async #send(signal: AbortSignal): Promise<SendResult> {
    const { buffer, sink, session, clock, onSent } = this.#options;
    const records = buffer.take(MAX_RECORDS);
    const at = Math.round(clock.wallMs());
    let result: SendResult = 'kept';
    let why = '';
    try {
      await sink.write({ session, at, dropped: buffer.dropped, records }, signal);
      buffer.release();
      buffer.open();
    } catch (error) {
      why = errorMessage(error);
      result = errorCode(error) === 'HISTORY_OFF' ? 'off' : 'away';
      if (result === 'off') buffer.close();
      else buffer.giveBack();
    }
    onSent?.(result);
    this.#say(result, why);
    return result;
  }

  /** Once, where it lasts: a leader may change, a database start. */
  #say(result: SendResult, why: string): void {
    const { log, clock } = this.#options;
    this.#last = result;
    const nowMs = clock.monotonicMs();
    if (result !== 'away') {
      if (this.#warned) log.info('the history is told again');
      this.#warned = false;
      this.#awaySinceMs = undefined;
      return;
    }
    this.#awaySinceMs ??= nowMs;
    if (!this.#warned && nowMs - this.#awaySinceMs >= PATIENCE_MS) {
      this.#warned = true;
      log.warn(`records of the history wait: ${why}`);
    }
  }

  async #pause(delayMs: number, signal: AbortSignal): Promise<void> {
    await sleep(this.#options.clock, delayMs, signal).catch(() => undefined);
  }
}
