import { type HistoryBatch, RECORD_KINDS, type RecordKind } from '../../api/history-records.ts';
import { LruMap } from '../../lib/lru-map.ts';
import type { OnDrop } from './admission.ts';

/** More than any fleet has shards. */
const REMEMBERED = 4_096;

/** Sessions tell how many records they have dropped so far; this tells of those that are new. */
export class SenderDrops {
  readonly #onDrop: OnDrop;
  readonly #told = new LruMap<string, HistoryBatch['dropped']>(REMEMBERED);

  constructor(onDrop: OnDrop) {
    this.#onDrop = onDrop;
  }

  /** Counts what `batch` tells beyond what its session told before. */
  count({ session, dropped }: Pick<HistoryBatch, 'session' | 'dropped'>): void {
    const before = this.#told.get(session);
    const most: Partial<Record<RecordKind, number>> = {};
    for (const kind of RECORD_KINDS) {
      const [was, is] = [before?.[kind] ?? 0, dropped[kind] ?? 0];
      most[kind] = Math.max(was, is);
      if (is > was) this.#onDrop(kind, 'overflow', is - was);
    }
    this.#told.set(session, most);
  }
}
