import { environmentError } from '../../lib/errors.ts';

/** How much is written at once, and how much may wait. */
export interface GroupCommitOptions<Item> {
  readonly commit: (items: readonly Item[]) => Promise<void>;
  readonly sizeOf: (item: Item) => number;
  /** A group holds no more than that, or one item. */
  readonly maxGroup: number;
  /** What would make more wait than that is refused. */
  readonly maxWaiting: number;
}

interface Waiting<Item> {
  readonly item: Item;
  readonly settled: PromiseWithResolvers<void>;
}

/**
 * Group commit: one group is written at a time, and what comes meanwhile goes together into the
 * next. The busier it is the larger are the groups, and nothing waits for others to come.
 */
export class GroupCommit<Item> {
  readonly #options: GroupCommitOptions<Item>;
  #waiting: Waiting<Item>[] = [];
  #waitingSize = 0;
  #writing: Promise<void> | undefined;

  constructor(options: GroupCommitOptions<Item>) {
    this.#options = options;
  }

  /**
   * Resolves when `item` is written. Rejects as its group did; so does all that waits then, and what
   * comes after that is tried anew.
   */
  add(item: Item): Promise<void> {
    const { sizeOf, maxWaiting } = this.#options;
    const size = sizeOf(item);
    if (this.#waitingSize > 0 && this.#waitingSize + size > maxWaiting) {
      return Promise.reject(
        environmentError('HISTORY_BUSY', 'the database takes less than what comes'),
      );
    }
    const settled = Promise.withResolvers<void>();
    this.#waiting.push({ item, settled });
    this.#waitingSize += size;
    this.#writing ??= this.#writeAll();
    return settled.promise;
  }

  /** Of what waits, without the group that is written. */
  get waitingSize(): number {
    return this.#waitingSize;
  }

  /** Resolves when nothing waits and nothing is written. */
  async idle(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    // What comes in the same turn goes into the first group too.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#writeGroup();
    this.#writing = undefined;
  }

  async #writeGroup(): Promise<void> {
    const group = this.#takeGroup();
    try {
      await this.#options.commit(group.map(({ item }) => item));
      for (const { settled } of group) settled.resolve();
    } catch (error) {
      const waiting = this.#waiting;
      this.#waiting = [];
      this.#waitingSize = 0;
      for (const { settled } of [...group, ...waiting]) settled.reject(error);
    }
  }

  #takeGroup(): readonly Waiting<Item>[] {
    const { sizeOf, maxGroup } = this.#options;
    let size = 0;
    const end = this.#waiting.findIndex(({ item }, index) => {
      size += sizeOf(item);
      return index > 0 && size > maxGroup;
    });
    const group = this.#waiting.splice(0, end === -1 ? this.#waiting.length : end);
    for (const { item } of group) this.#waitingSize -= sizeOf(item);
    return group;
  }
}
