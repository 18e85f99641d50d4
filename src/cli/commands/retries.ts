import type { LocalClient } from '../local-client.ts';
import { formatTable } from '../table.ts';
import type { Io } from './io.ts';

/** `tenantbot retries`: which calls were tried again, and how that ended. */
export async function runRetries(
  client: LocalClient,
  options: { readonly reset: boolean },
  io: Io,
): Promise<void> {
  const { since, retries } = await client.retries(options);
  if (retries.length === 0) io.err(`No call was tried again since ${since}`);
  else {
    const rows = retries.map(({ method, category, outcome, count }) => [
      method,
      category,
      outcome,
      String(count),
    ]);
    io.out(formatTable([['METHOD', 'CATEGORY', 'OUTCOME', 'COUNT'], ...rows]));
    io.err(`Since ${since}`);
  }
  if (options.reset) io.err('Counting begins anew.');
}
