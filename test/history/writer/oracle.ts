import type { HistoryBatch, HistoryRecord } from '../../../src/api/history-records.ts';

/** What the database is to hold, by brute force: every record by its key, of counts the largest. */
export class Oracle {
  readonly #counts = new Map<string, number>();

  /** `batch` was told, at least once. */
  tell({ session, records }: HistoryBatch): void {
    for (const record of records) {
      const [key, count] = entry(session, record);
      this.#counts.set(key, Math.max(this.#counts.get(key) ?? 0, count));
    }
  }

  /** One line a row, in order. */
  get lines(): readonly string[] {
    return [...this.#counts].map(([key, count]) => `${key} ${count}`).toSorted(byText);
  }
}

function entry(session: string, record: HistoryRecord): readonly [string, number] {
  const key = `${record.kind} ${record.uid} ${session}`;
  switch (record.kind) {
    case 'usage':
      return [`${key} ${record.hour} ${record.method}`, record.calls];
    case 'error':
      return [`${key} ${record.hour} ${record.fingerprint}`, record.errors];
    case 'snapshot':
    case 'transition':
    case 'verification':
      return [`${key} ${record.seq}`, 0];
    default:
      return record satisfies never;
  }
}

const KEY = "uid || ' ' || session || ' ' ||";
const HOUR = 'extract(epoch from hour)::bigint * 1000';

/** Brings what is there as {@link Oracle.lines} are: of what is there twice, two lines. */
const LINES = `
  select 'snapshot ' || ${KEY} seq || ' 0' as line from health_snapshots join bots on id = bot
  union all select 'transition ' || ${KEY} seq || ' 0' from transitions join bots on id = bot
  union all select 'verification ' || ${KEY} seq || ' 0' from verifications join bots on id = bot
  union all select 'usage ' || ${KEY} ${HOUR} || ' ' || method || ' ' || calls
    from usage_hourly join bots on id = bot
  union all select 'error ' || ${KEY} ${HOUR} || ' ' || fingerprint || ' ' || errors
    from errors_hourly join bots on id = bot`;

/** What is there, of sessions whose names begin with `sessions`. */
export async function linesOf(
  rows: (query: string) => Promise<readonly Record<string, unknown>[]>,
  sessions = '',
): Promise<readonly string[]> {
  const found = await rows(`select line from (${LINES}) _ where line like '% ${sessions}%'`);
  return found.map(({ line }) => String(line)).toSorted(byText);
}

function byText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
