/** What happens to rows that can't be written. */
export interface PoisonOptions<Row> {
  /** Writes all of them or none. */
  readonly write: (rows: readonly Row[]) => Promise<void>;
  /** Whether `error` will come again as long as the same row is among them. */
  readonly isPoison: (error: unknown) => boolean;
  readonly onPoison: (rows: readonly Row[], error: unknown) => void;
  /** After that many attempts, what is left of a part that failed counts as poison. */
  readonly maxAttempts: number;
}

/**
 * Writes `rows` but those that spoil it for the others, which are found by halving. Rejects with
 * what is no row's fault; some of the rows may be written then.
 */
export async function writeWithoutPoison<Row>(
  rows: readonly Row[],
  { write, isPoison, onPoison, maxAttempts }: PoisonOptions<Row>,
): Promise<void> {
  const parts = [rows];
  let attempts = 0;
  for (let part = parts.pop(); part; part = parts.pop()) {
    try {
      attempts++;
      await write(part);
    } catch (error) {
      if (!isPoison(error)) throw error;
      const middle = part.length >> 1;
      if (middle === 0 || attempts >= maxAttempts) onPoison(part, error);
      else parts.push(part.slice(middle), part.slice(0, middle));
    }
  }
}
