import { mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { createStream, type RotatingFileStream } from 'rotating-file-stream';
import type { Clock, Timer } from '../lib/clock.ts';
import { errorCode, errorMessage, inputError } from '../lib/errors.ts';

/** How much of a log is kept, and for how long. */
export interface LogFileLimits {
  /** A file that has so much in it makes room for the next one. */
  readonly bytes: number;
  /** How many there are at most, that which is written included. */
  readonly files: number;
  /** A file that was written last so long ago goes. */
  readonly days: number;
}

/** As much as a person can look through, and as long as it may be asked for. */
export const LOG_FILE_LIMITS: LogFileLimits = { bytes: 50 * 1024 * 1024, files: 10, days: 90 };

export interface LogFileOptions {
  readonly path: string;
  readonly limits?: LogFileLimits;
  readonly clock: Clock;
  /** Told in words, once, when lines can't be written any more, and when they can again. */
  readonly onTrouble: (words: string) => void;
}

const DAY_MS = 24 * 3_600_000;
const LOOK_EVERY_MS = DAY_MS / 4;
/** A disk that is full is tried again after this long. */
const AGAIN_MS = 10_000;
/** Lines that a slow disk has not taken yet weigh no more than this; beyond that they are dropped. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

/**
 * A log in files: that which is written, and older ones beside it with `.1`, `.2` … at the end, the
 * higher the older. What can't be written is dropped: nobody waits for a log.
 */
export class LogFile implements AsyncDisposable {
  readonly #path: string;
  readonly #limits: LogFileLimits;
  readonly #options: LogFileOptions;
  #stream: RotatingFileStream | undefined;
  #againMs = Number.NEGATIVE_INFINITY;
  #inTrouble = false;
  #looking: Timer | undefined;

  /** Rejects in words where the file can't be written. */
  static async open(options: LogFileOptions): Promise<LogFile> {
    const path = resolve(options.path);
    try {
      await mkdir(dirname(path), { recursive: true });
      await (await open(path, 'a')).close();
    } catch (error) {
      const why = errorCode(error) ?? errorMessage(error);
      const words = `--log-file: ${options.path} can't be written (${why})`;
      throw inputError('LOG_FILE_UNUSABLE', words, error);
    }
    const file = new LogFile(path, options);
    await file.#removeOld();
    return file;
  }

  private constructor(path: string, options: LogFileOptions) {
    this.#path = path;
    this.#limits = options.limits ?? LOG_FILE_LIMITS;
    this.#options = options;
  }

  /** Takes a line. Never throws. */
  write(line: string): void {
    const stream = this.#stream ?? this.#openStream();
    if (stream && stream.writableLength < MAX_WAITING_BYTES) stream.write(line);
  }

  /** Resolves when all that was taken is written. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#looking?.cancel();
    const stream = this.#stream;
    if (!stream) return;
    await new Promise<void>((resolve) => {
      stream.once('close', resolve);
      stream.end(resolve);
    });
  }

  #openStream(): RotatingFileStream | undefined {
    if (this.#options.clock.monotonicMs() < this.#againMs) return undefined;
    const { bytes, files } = this.#limits;
    const name = basename(this.#path);
    const stream = createStream(
      // Typed for names by time as well.
      (index: unknown) => (typeof index === 'number' ? `${name}.${index}` : name),
      { path: dirname(this.#path), size: `${bytes}B`, rotate: files - 1 },
    );
    stream.on('error', (error) => this.#failed(stream, error));
    stream.on('warning', (error) => this.#failed(stream, error));
    stream.on('open', () => {
      if (this.#inTrouble) this.#options.onTrouble('lines are written to the log file again');
      this.#inTrouble = false;
    });
    this.#stream = stream;
    return stream;
  }

  #failed(stream: RotatingFileStream, error: Error): void {
    if (this.#stream !== stream) return;
    this.#stream = undefined;
    this.#againMs = this.#options.clock.monotonicMs() + AGAIN_MS;
    stream.destroy();
    if (this.#inTrouble) return;
    this.#inTrouble = true;
    const words = `lines can't be written to the log file, and are dropped: ${errorMessage(error)}`;
    this.#options.onTrouble(words);
  }

  /** Removes what is too old, now and from time to time. Never rejects. */
  async #removeOld(): Promise<void> {
    const { clock } = this.#options;
    this.#looking = clock.setTimer(LOOK_EVERY_MS, () => void this.#removeOld());
    const oldestMs = clock.wallMs() - this.#limits.days * DAY_MS;
    const folder = dirname(this.#path);
    const rotated = new RegExp(`^${RegExp.escape(basename(this.#path))}\\.\\d+$`);
    for (const name of await readdir(folder).catch(() => [])) {
      if (!rotated.test(name)) continue;
      const path = join(folder, name);
      const written = await stat(path).catch(() => undefined);
      if (written && written.mtimeMs < oldestMs) await unlink(path).catch(() => undefined);
    }
  }
}
