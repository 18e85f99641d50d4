import type { Caller } from '../caller.ts';
import { RequestProblem } from '../problem.ts';

/** How many streams are open at a time in all, and those of one caller. */
const MAX_STREAMS = 2_000;
const MAX_OF_ONE = 100;

/** Counts the streams that are open, and refuses more than can be served. */
export class OpenStreams {
  readonly #byCaller = new Map<string, number>();
  #all = 0;

  /** Counts one more until the returned function is called. Throws a problem where that is too many. */
  open({ name }: Caller): () => void {
    const own = this.#byCaller.get(name) ?? 0;
    if (this.#all >= MAX_STREAMS || own >= MAX_OF_ONE) {
      const words = 'too many streams are open; close some, or try again later';
      throw new RequestProblem(429, 'TOO_MANY_STREAMS', words);
    }
    this.#all++;
    this.#byCaller.set(name, own + 1);
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      this.#all--;
      const left = (this.#byCaller.get(name) ?? 1) - 1;
      if (left === 0) this.#byCaller.delete(name);
      else this.#byCaller.set(name, left);
    };
  }
}
