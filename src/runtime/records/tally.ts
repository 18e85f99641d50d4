import { LATENCY_BOUNDS_MS } from '../../api/history-records.ts';

/** How often something happened, and how long it took by bucket. */
export interface Cell {
  calls: number;
  /** How many of them were told. */
  told: number;
  readonly latencies: number[];
}

/**
 * Counts by two names and a place among a few. Nothing is made for what was counted before: that
 * costs additions alone.
 */
export class Tally {
  readonly #rows = new Map<string, Map<string, (Cell | undefined)[]>>();

  add(row: string, column: string, place: number, tookMs: number): void {
    const cell = this.#cell(row, column, place);
    cell.calls++;
    const bucket = bucketOf(tookMs);
    cell.latencies[bucket] = (cell.latencies[bucket] ?? 0) + 1;
  }

  /** Visits what has changed since it was visited last. */
  visitChanged(visit: (row: string, column: string, place: number, cell: Cell) => void): void {
    for (const [row, columns] of this.#rows) {
      for (const [column, cells] of columns) {
        for (const [place, cell] of cells.entries()) {
          if (!cell || cell.told === cell.calls) continue;
          cell.told = cell.calls;
          visit(row, column, place, cell);
        }
      }
    }
  }

  #cell(row: string, column: string, place: number): Cell {
    let columns = this.#rows.get(row);
    if (!columns) this.#rows.set(row, (columns = new Map()));
    let cells = columns.get(column);
    if (!cells) columns.set(column, (cells = []));
    return (cells[place] ??= { calls: 0, told: 0, latencies: LATENCY_BUCKETS.map(() => 0) });
  }
}

const LATENCY_BUCKETS = [...LATENCY_BOUNDS_MS, Number.POSITIVE_INFINITY];

/** What is no number counts as having taken longest. */
function bucketOf(tookMs: number): number {
  let bucket = 0;
  for (const boundMs of LATENCY_BOUNDS_MS) {
    if (tookMs <= boundMs) break;
    bucket++;
  }
  return bucket;
}
