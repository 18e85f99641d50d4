/**
 * Runs parts that belong together: each gets a signal that aborts with `signal`, and also as soon
 * as one of them has failed or ended by itself. Resolves when all have ended; rejects with the
 * first failure.
 */
export async function runTogether(
  signal: AbortSignal,
  parts: readonly ((signal: AbortSignal) => Promise<void>)[],
): Promise<void> {
  const over = new AbortController();
  const both = AbortSignal.any([signal, over.signal]);
  const ends = await Promise.allSettled(
    parts.map(async (part) => {
      try {
        await part(both);
      } finally {
        over.abort();
      }
    }),
  );
  // The failure that came first is the one that is not the others' echo of the abort.
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
