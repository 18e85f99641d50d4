import { type QueryExecutorProvider, type RawBuilder, sql } from 'kysely';

/** What a cell holds before it is a literal. */
export type Cell = string | number | boolean | null | undefined;

/** One column of many rows that go to the database as one array. */
export interface Column<Row> {
  readonly name: string;
  /** Of an element of the array. */
  readonly type: string;
  readonly of: (row: Row) => Cell;
  /**
   * SQL that makes the column's value of `told.<name>`; that itself unless given. Null where it is
   * only asked for, and no column of the table.
   */
  readonly value?: string | null;
}

/** Which rows are inserted, and what happens to those that are there. */
export interface InsertOptions<Row> {
  readonly table: string;
  readonly columns: readonly Column<Row>[];
  /** Of rows with the same key, only the one with the most of `most` goes in. */
  readonly distinct?: { readonly key: readonly string[]; readonly most?: string };
  readonly where?: RawBuilder<unknown>;
  /** What follows `on conflict`. What is there goes by the name `kept`. */
  readonly onConflict: string;
}

/**
 * Inserts `rows` with one statement whose arguments are one array a column: however many rows there
 * are, the database reads the same short text. Resolves to how many it inserted or changed.
 */
export async function insertRows<Row>(
  database: QueryExecutorProvider,
  rows: readonly Row[],
  { table, columns, distinct, where, onConflict }: InsertOptions<Row>,
): Promise<number> {
  if (rows.length === 0) return 0;
  const inserted = columns.filter(({ value }) => value !== null);
  const values = inserted.map(({ name, value }) => sql.raw(value ?? `told.${name}`));
  const arrays = columns.map(({ type, of }) => {
    const literal = arrayLiteral(rows.map((row) => of(row)));
    return sql`${literal}::${sql.raw(`${type}[]`)}`;
  });
  const key = distinct && sql.join(distinct.key.map((name) => sql.ref(`told.${name}`)));
  const most =
    distinct?.most === undefined ? sql`` : sql`, ${sql.ref(`told.${distinct.most}`)} desc`;
  const { numAffectedRows = 0n } = await sql`
    insert into ${sql.table(table)} as kept (${names(inserted)})
    select ${key ? sql`distinct on (${key})` : sql``} ${sql.join(values)}
    from unnest(${sql.join(arrays)}) as told (${names(columns)})
    ${where ? sql`where ${where}` : sql``}
    ${key ? sql`order by ${key}${most}` : sql``}
    on conflict ${sql.raw(onConflict)}
  `.execute(database);
  return Number(numAffectedRows);
}

function names(columns: readonly { readonly name: string }[]): RawBuilder<unknown> {
  return sql.join(columns.map(({ name }) => sql.ref(name)));
}

/** `values` as Postgres writes an array. The null character, which it can't hold, becomes U+FFFD. */
export function arrayLiteral(values: readonly Cell[]): string {
  return `{${values.map(element).join(',')}}`;
}

function element(value: Cell): string {
  if (value === null || value === undefined) return 'NULL';
  if (typeof value !== 'string') return String(value);
  if (!/["\\\0]/.test(value)) return `"${value}"`;
  return `"${value.replaceAll('\0', '\uFFFD').replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
