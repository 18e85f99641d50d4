import { Readable } from 'node:stream';

/** The media type of a stream of JSON values, one a line. */
export const NDJSON = 'application/x-ndjson';
/** A reader that lags further behind is cut off; it may come again and start from the whole. */
const MAX_WAITING = 10_000;

/** A body that carries values as they come, until its reader leaves or its source ends. */
export class EventStream<Value> extends Readable {
  readonly #onClose: () => void;
  #waiting: string[] = [];
  #wanted = false;
  #finished = false;

  constructor(onClose: () => void) {
    super();
    this.#onClose = onClose;
  }

  add(value: Value): void {
    if (this.#finished) return;
    if (this.#waiting.length >= MAX_WAITING) {
      this.destroy();
      return;
    }
    this.#waiting.push(`${JSON.stringify(value)}\n`);
    if (this.#wanted) this._read();
  }

  /** Ends the body after what was added. */
  finish(): void {
    if (this.#finished || this.destroyed) return;
    this.#finished = true;
    if (this.#waiting.length > 0) this.push(this.#waiting.join(''));
    this.#waiting = [];
    this.push(null);
  }

  override _read(): void {
    this.#wanted = this.#waiting.length === 0;
    if (this.#wanted) return;
    const text = this.#waiting.join('');
    this.#waiting = [];
    this.#wanted = this.push(text);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#onClose();
    done(error);
  }
}
