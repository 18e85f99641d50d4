import { type Cell, formatCsv } from '../lib/csv.ts';
import type { QueryAnswer, QueryArgs, QueryName } from '../standalone/local-api/history-routes.ts';
import type { Io } from './commands/io.ts';
import { parseOutput } from './output.ts';
import { formatTable } from './table.ts';

/** Who answers questions about what was. Rejects in words for people. */
export interface HistoryAccess {
  history<Name extends QueryName>(query: Name, args: QueryArgs<Name>): Promise<QueryAnswer<Name>>;
}

/** How a command shows what it found. */
export interface HistoryView {
  /** One of {@link OUTPUTS}; a table unless given. */
  readonly output: string | undefined;
  /** Whether a person looks on: sparklines are for them alone. */
  readonly isTerminal: boolean;
}

const OUTPUTS = ['table', 'json', 'csv'] as const;

/** What was found, in each of the forms. */
export interface Found {
  /** As it came, for programs. */
  readonly value: unknown;
  readonly header: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** Above the table, on a terminal. */
  readonly chart?: readonly (readonly [name: string, drawn: string, words: string])[];
  /** Said where there is no row. */
  readonly nothing: string;
}

/** Reads `-o` before anything is asked. */
export function outputOf({ output }: HistoryView): (typeof OUTPUTS)[number] {
  return parseOutput(output, OUTPUTS) ?? 'table';
}

/** Prints what was found. */
export function printFound(found: Found, view: HistoryView, io: Io): void {
  const { value, header, rows, chart = [], nothing } = found;
  switch (outputOf(view)) {
    case 'json':
      io.out(JSON.stringify(value, undefined, 4));
      return;
    case 'csv':
      io.out(formatCsv([header, ...rows]));
      return;
    case 'table':
      if (rows.length === 0) {
        io.err(nothing);
        return;
      }
      if (view.isTerminal && chart.length > 0) io.out(`${formatTable(chart)}\n`);
      io.out(formatTable([header, ...rows].map((row) => row.map(cellText))));
  }
}

function cellText(cell: Cell): string {
  return cell === null ? '-' : String(cell);
}
