import { type RawBuilder, sql } from 'kysely';
import { z } from 'zod';
import { metadataSchema } from '../../api/metadata.ts';

/**
 * The namespaces that somebody may see: all of them (`*`), or these. An empty list is none.
 */
export type Namespaces = '*' | readonly string[];

/** The name of a namespace; so neither `*` nor a comma is ever part of one. */
export const namespaceName = metadataSchema.shape.namespace.unwrap();

/** Schema of {@link Namespaces}. */
export const namespacesSchema = z.union([z.literal('*'), z.array(namespaceName).readonly()], {
  error: 'must be "*" or a list of names of namespaces',
});

/** The value of the connection's setting `tenantbot.namespaces` that row-level security goes by. */
export function namespacesSetting(namespaces: Namespaces): string {
  return namespaces === '*' ? '*' : namespaces.join(',');
}

/** Holds of rows whose `column` is one of `namespaces`. */
export function within(namespaces: Namespaces, column: string): RawBuilder<unknown> {
  if (namespaces === '*') return sql`true`;
  return sql`${sql.ref(column)} = any (${namespaces}::text[])`;
}
