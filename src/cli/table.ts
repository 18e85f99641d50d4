import { displayWidth, oneLine } from './terminal-text.ts';

const GAP = '   ';

/** The width of each column: the widest of its cells, and at least what it was in `before`. */
export function columnWidths(
  rows: readonly (readonly string[])[],
  before: readonly number[] = [],
): number[] {
  const widths = [...before];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) {
      widths[index] = Math.max(widths[index] ?? 0, displayWidth(oneLine(cell)));
    }
  }
  return widths;
}

/** A cell as it is to be seen, of the same width. */
export type Paint = (cell: string) => string;

const plain: Paint = (cell) => cell;

/** One row as kubectl prints it: columns aligned, three spaces between them. */
export function formatRow(
  cells: readonly string[],
  widths: readonly number[],
  paint: Paint = plain,
): string {
  return cells
    .map((cell, index) => {
      const text = oneLine(cell);
      return paint(text) + ' '.repeat(Math.max(0, (widths[index] ?? 0) - displayWidth(text)));
    })
    .join(GAP)
    .trimEnd();
}

/** A whole table. */
export function formatTable(rows: readonly (readonly string[])[], paint?: Paint): string {
  const widths = columnWidths(rows);
  return rows.map((row) => formatRow(row, widths, paint)).join('\n');
}
