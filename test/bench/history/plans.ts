import { Kysely, PostgresDialect } from 'kysely';
import { Pool } from 'pg';
import type { z } from 'zod';
import type { DatabaseAddress } from '../../../src/history/database-address.ts';
import type { Namespaces } from '../../../src/history/queries/namespaces.ts';
import type { HistoryQuery } from '../../../src/history/queries/query.ts';
import { ScopedPool } from '../../../src/history/queries/scoped-pool.ts';

/** A node of a plan, as `explain (format json)` has it. */
interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Index Name'?: string;
  readonly 'Relation Name'?: string;
  readonly Plans?: readonly PlanNode[];
}

/** By what a query finds its rows. */
export interface Access {
  /** Indexes that it goes by; those of partitions by the name of the whole. */
  readonly indexes: readonly string[];
  /** Tables that it reads from end to end. */
  readonly wholly: readonly string[];
}

/** Tells how Postgres plans the one statement that `query` makes for such arguments. */
export async function planOf<Schema extends z.ZodType>(
  { url }: DatabaseAddress,
  query: HistoryQuery<Schema, unknown>,
  asked: {
    readonly namespaces: Namespaces;
    readonly args: z.input<Schema>;
    readonly nowMs: number;
  },
): Promise<Access> {
  const { namespaces, args, nowMs } = asked;
  const pool = new Pool({ connectionString: url.reveal(), max: 1 });
  try {
    const scoped = new ScopedPool(pool, 60_000).of(namespaces);
    const statements: { readonly sql: string; readonly parameters: readonly unknown[] }[] = [];
    const database = new Kysely<unknown>({
      dialect: new PostgresDialect({ pool: scoped }),
      log: (event) => void statements.push(event.query),
    });
    await query.run({ database, namespaces, nowMs }, query.args.parse(args));
    const [statement] = statements;
    if (!statement || statements.length > 1) throw new Error(`${query.name} is not one statement`);
    const { rows } = await pool.query<{ 'QUERY PLAN': readonly { Plan: PlanNode }[] }>(
      `explain (format json) ${statement.sql}`,
      [...statement.parameters],
    );
    const nodes = rows.flatMap((row) => row['QUERY PLAN'].flatMap(({ Plan }) => nodesOf(Plan)));
    return {
      indexes: names(nodes, (node) => node['Index Name']),
      wholly: names(nodes, (node) =>
        node['Node Type'] === 'Seq Scan' ? node['Relation Name'] : undefined,
      ),
    };
  } finally {
    await pool.end();
  }
}

function nodesOf(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)];
}

/** Without the day or month of partitions. */
function names(
  nodes: readonly PlanNode[],
  nameOf: (node: PlanNode) => string | undefined,
): string[] {
  const found = nodes.flatMap((node) => nameOf(node)?.replace(/_\d{6,8}(?=_|$)/, '') ?? []);
  return [...new Set(found)].toSorted();
}
