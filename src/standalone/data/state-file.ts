import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Timer } from '../../lib/clock.ts';
import { errorCode, errorMessage } from '../../lib/errors.ts';
import type { Log } from '../../telemetry/log.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { EMPTY_STATE, type State, stateSchema } from './state.ts';

const RETRY_AFTER_MS = 5_000;

/** What a {@link StateFile} works with. */
export interface StateFileOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The state on disk. Writing is put off, joined and tried again; a disk that is full costs one log
 * line and nothing else.
 */
export class StateFile {
  readonly #path: string;
  readonly #options: StateFileOptions;
  #wanted: (() => State) | undefined;
  #timer: Timer | undefined;
  #dueMs = Number.POSITIVE_INFINITY;
  #writing: Promise<void> = Promise.resolve();
  #failing = false;

  constructor(options: StateFileOptions) {
    this.#options = options;
    this.#path = join(options.folder, 'state.json');
  }

  /** What the run before left; an empty state where there is none or where it makes no sense. */
  async load(): Promise<State> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return EMPTY_STATE;
      throw error;
    }
    try {
      return stateSchema.parse(JSON.parse(text));
    } catch {
      const aside = `${this.#path}.broken`;
      await rename(this.#path, aside);
      this.#options.log.warn(
        `the state file ${this.#path} makes no sense; it was set aside as ${aside}, counters and identities of bots start afresh`,
      );
      return EMPTY_STATE;
    }
  }

  /** Has what `snapshot` returns by then written within `withinMs`; changes are written together. */
  save(snapshot: () => State, withinMs: number): void {
    this.#wanted = snapshot;
    if (!this.#failing) this.#writeWithin(withinMs);
  }

  /** Writes what is still to be written, once. */
  async close(): Promise<void> {
    this.#timer?.cancel();
    await this.#writing;
    this.#timer?.cancel();
    await this.#write();
    this.#timer?.cancel();
  }

  #writeWithin(delayMs: number): void {
    const { clock } = this.#options;
    const dueMs = clock.monotonicMs() + delayMs;
    if (dueMs >= this.#dueMs) return;
    this.#timer?.cancel();
    this.#dueMs = dueMs;
    this.#timer = clock.setTimer(delayMs, () => {
      this.#dueMs = Number.POSITIVE_INFINITY;
      this.#writing = this.#writing.then(() => this.#write());
    });
  }

  async #write(): Promise<void> {
    const snapshot = this.#wanted;
    if (!snapshot) return;
    this.#wanted = undefined;
    try {
      await writeFileAtomically(this.#path, JSON.stringify(snapshot()));
      if (this.#failing) this.#options.log.info('the state file can be written again');
      this.#failing = false;
    } catch (error) {
      this.#wanted ??= snapshot;
      this.#tellOnce(error);
      this.#writeWithin(RETRY_AFTER_MS);
    }
  }

  #tellOnce(error: unknown): void {
    if (this.#failing) return;
    this.#failing = true;
    const why = errorCode(error) === 'ENOSPC' ? 'the disk is full' : errorMessage(error);
    this.#options.log.error(
      `can't write the state file ${this.#path}: ${why}. Bots go on; should this program end meanwhile, their counters start from the last written state. It is tried again every ${RETRY_AFTER_MS / 1000} s`,
    );
  }
}
