/** Writes snapshots into an embedded server, as it is asked by its parent, in the folder given. */
import { join } from 'node:path';
import type { SnapshotRecord } from '../../../src/api/history-records.ts';
import { openDatabase } from '../../../src/history/database.ts';
import { startEmbedded } from '../../../src/history/embedded/server.ts';
import type { LedgerTables } from '../../../src/history/migrations/ledger.ts';
import { MIGRATIONS } from '../../../src/history/migrations/list.ts';
import { migrate } from '../../../src/history/migrations/migrate.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { snapshot } from '../../history/writer/records.ts';
import { answerParent } from '../../support/answering.ts';
import { openContestants } from './contestants.ts';

/**
 * What this is asked for; `contestant` is a place in the order of {@link openContestants}. The first
 * one makes bots and day, which the others need.
 */
export type WritingRequest =
  /** Answered with {@link Rate}. */
  | { readonly kind: 'write'; readonly contestant: number; readonly rows: number }
  /** Answered with the bytes that are in use, and resident. */
  | { readonly kind: 'memory' }
  | { readonly kind: 'stop' };

/** How fast rows were written. */
export interface Rate {
  readonly name: string;
  readonly rowsASecond: number;
}

const BOTS = 10_000;
const signal = new AbortController().signal;
const server = await startEmbedded(join(process.argv[2] ?? '', 'postgres'), systemClock, signal);
const database = await openDatabase<LedgerTables>(server.address, { max: 1 });
const onApplied = (): void => undefined;
await migrate(database, { migrations: MIGRATIONS, clock: systemClock, onApplied }, signal);
await database.destroy();
const contestants = await openContestants(server.address);
let seq = 0;

answerParent(async (request: WritingRequest) => {
  switch (request.kind) {
    case 'write': {
      const { name = '', share = 1, write } = contestants[request.contestant] ?? {};
      const told = rows(Math.ceil(request.rows / share));
      globalThis.gc?.();
      const begunMs = performance.now();
      await write?.(told);
      return { name, rowsASecond: (told.length * 1_000) / (performance.now() - begunMs) };
    }
    case 'memory': {
      globalThis.gc?.();
      const { heapUsed, rss } = process.memoryUsage();
      return { heapUsed, rss };
    }
    case 'stop':
      for (const contestant of contestants) await contestant.close();
      return server.stop();
    default:
      return request satisfies never;
  }
});

/** One of each bot, and again. */
function rows(count: number): readonly SnapshotRecord[] {
  const at = Math.round(systemClock.wallMs());
  return Array.from({ length: count }, (_, index) =>
    snapshot(seq++, { uid: `uid-${1 + (index % BOTS)}`, at }),
  );
}
