import { LruMap } from './lru-map.ts';

const CAPACITY = 4_096;

/**
 * Has equal parts of plain data stand in memory once: what thousands of specs say differs little.
 * Parts that nobody has brought for long are forgotten, and stand twice from then on.
 */
export class SharedParts {
  readonly #parts = new LruMap<string, unknown>(CAPACITY);

  /** `record`, with an equal part that was seen before in place of each of its own. Must be JSON. */
  in<Fields extends object>(record: Fields): Fields {
    const shared = Object.entries(record).map(([name, part]) => [name, this.#share(part)]);
    return Object.fromEntries(shared) as Fields;
  }

  #share(part: unknown): unknown {
    if (typeof part !== 'object' || part === null) return part;
    const text = JSON.stringify(part);
    const known = this.#parts.get(text);
    if (known === undefined) this.#parts.set(text, part);
    return known ?? part;
  }
}
