import type { AdminClient } from '../admin-client.ts';
import { type HistoryView, outputOf, printFound } from '../history-output.ts';
import type { Io } from './io.ts';

/** What `tenantbot audit` was asked for. */
export interface AuditOptions extends HistoryView {
  /** How actor, action or object begins. */
  readonly text: string | undefined;
  /** All that may be seen where undefined. */
  readonly namespace: string | undefined;
  /** RFC 3339. */
  readonly since: string | undefined;
  readonly until: string | undefined;
  readonly limit: number;
}

interface Entry {
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly namespace: string | null;
  readonly object: string | null;
  readonly detail?: unknown;
}

/** `tenantbot audit`: who changed what, the latest first. */
export async function runAudit(
  admin: AdminClient,
  { text, namespace, since, until, limit, ...view }: AuditOptions,
  io: Io,
): Promise<void> {
  outputOf(view);
  const query = { text, namespace, since, until, limit };
  const { items, next } = await admin.get<{ items: readonly Entry[]; next?: string }>(
    '/v1/audit',
    query,
  );
  const rows = items.map(({ at, actor, action, namespace, object, detail }) => [
    at,
    actor,
    action,
    namespace,
    object,
    detail === undefined || detail === null ? null : JSON.stringify(detail),
  ]);
  const header = ['AT', 'ACTOR', 'ACTION', 'NAMESPACE', 'OBJECT', 'DETAIL'];
  printFound({ value: items, header, rows, nothing: 'Nothing of the kind was done.' }, view, io);
  if (next !== undefined) io.err(`These are the latest ${items.length}; there were more.`);
}
