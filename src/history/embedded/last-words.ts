import type { Readable } from 'node:stream';

const LINES = 20;

/** The end of what a Postgres writes to stderr: why it could not start. */
export class LastWords {
  #lines: string[] = [];

  /** Reads `stream` to its end. */
  listen(stream: Readable): void {
    stream.setEncoding('utf8').on('data', (text: string) => {
      this.#lines = [...this.#lines, ...text.split('\n')].filter(Boolean).slice(-LINES);
    });
    // Whoever wrote has gone.
    stream.on('error', () => undefined);
  }

  /** The last error in them, as one line, without the statement that it came from. */
  toString(): string {
    const said = this.#lines.findLast((line) => /(ERROR|FATAL|PANIC|error):/.test(line));
    if (said?.includes('No space left on device')) return 'the disk is full';
    return said?.replace(/^.*?(ERROR|FATAL|PANIC|error): +/, '') ?? 'it does not say why';
  }
}
