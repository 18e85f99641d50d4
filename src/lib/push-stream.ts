import { Readable } from 'node:stream';

/** A reader that lags further behind is cut off. */
const MAX_WAITING = 10_000;

/** A body that carries text as it comes, until its reader leaves or its source ends. */
export class PushStream extends Readable {
  readonly #onClose: () => void;
  #waiting: string[] = [];
  #wanted = false;
  #finished = false;

  constructor(onClose: () => void) {
    super();
    this.#onClose = onClose;
  }

  /** Sends `text` after all that waits. Ends everything where the reader is too slow for it. */
  send(text: string): void {
    if (this.#finished || this.destroyed) return;
    if (this.#waiting.length >= MAX_WAITING) {
      this.destroy();
      return;
    }
    this.#waiting.push(text);
    if (this.#wanted) this._read();
  }

  /** Ends the body after what was sent. */
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
