import { Readable } from 'node:stream';
import { type Cell, formatCsv } from '../../lib/csv.ts';

/** The media type of {@link csvBody}. */
export const CSV = 'text/csv; charset=utf-8; header=present';

/** A table that comes row by row. */
export interface Table {
  readonly header: readonly string[];
  /** In groups, each of which is held in memory as a whole. */
  readonly rows: AsyncIterable<readonly (readonly Cell[])[]>;
}

/**
 * `table` as CSV, made as it is read: however long it is, no more than a group of rows is held.
 * Rejects where the first group can't be had; where a later one can't, the body breaks off.
 */
export async function csvBody({ header, rows }: Table): Promise<Readable> {
  const groups = rows[Symbol.asyncIterator]();
  const first = await groups.next();
  async function* lines(): AsyncGenerator<string> {
    yield `${formatCsv([header])}\r\n`;
    try {
      for (let group = first; group.done !== true; group = await groups.next()) {
        if (group.value.length > 0) yield `${formatCsv(group.value)}\r\n`;
      }
    } finally {
      await groups.return?.();
    }
  }
  return Readable.from(lines());
}
