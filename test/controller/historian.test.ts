import { describe, expect, it } from 'vitest';
import { NO_HISTORY } from '../../src/api/history-availability.ts';
import type { HistoryBatch } from '../../src/api/history-records.ts';
import type { StoredBot } from '../../src/controller/bot/stored-bot.ts';
import { Historian } from '../../src/controller/historian.ts';
import type { LeaderHistory, OpenHistory } from '../../src/controller/leader-history.ts';
import { Cache } from '../../src/kube/cache.ts';
import { aborted } from '../../src/lib/aborted.ts';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';
import { seededRandom } from '../../src/lib/random.ts';
import { makeLog } from '../standalone/support.ts';
import { waitFor } from '../support/wait.ts';

function bot(shard: number): StoredBot {
  return {
    apiVersion: 'tenantbot.dev/v1alpha1',
    kind: 'TenantBot',
    metadata: {
      namespace: 'team',
      name: 'greeter',
      uid: 'one',
      resourceVersion: String(shard + 1),
      creationTimestamp: '2026-02-01T12:00:00Z',
    },
    status: {
      placement: { fleet: 'default', shard, epoch: 1, since: '2026-02-01T12:00:00Z', botId: 7 },
    },
  };
}

function lead(openHistory: OpenHistory | undefined) {
  const clock = new AdjustableClock();
  const { log } = makeLog();
  const bots = new Cache<StoredBot>({ log });
  const changes: string[] = [];
  const historian: Historian = new Historian({
    openHistory,
    term: 3,
    bots,
    onAvailability: () => changes.push(historian.availability().reason),
    clock,
    random: seededRandom(1),
    log,
  });
  const end = new AbortController();
  let isOver = false;
  const over = historian.start(end.signal).finally(() => (isOver = true));
  return { clock, bots, changes, historian, end, over, isOver: () => isOver };
}

/** Keeps everything in memory, and takes its time to end. */
class MemoryHistory implements LeaderHistory {
  readonly batches: HistoryBatch[] = [];
  readonly gone: string[] = [];
  reason: 'Kept' | 'Unavailable' = 'Kept';

  write(batch: HistoryBatch): Promise<void> {
    this.batches.push(batch);
    return Promise.resolve();
  }
  availability() {
    return { reason: this.reason, message: '' };
  }
  lastKnown() {
    return undefined;
  }
  botGone(uid: string): void {
    this.gone.push(uid);
  }
  start(signal: AbortSignal): Promise<void> {
    return aborted(signal).then(() => new Promise(() => undefined));
  }
}

describe('what a leader does for the history', () => {
  it('is nothing where none is kept, for as long as it leads', async () => {
    const { historian, end, over, isOver } = lead(undefined);
    expect(historian.availability()).toBe(NO_HISTORY);
    expect(historian.sink).toBeUndefined();
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    expect(isOver()).toBe(false);
    end.abort();
    await over;
  });

  it('is to tell where bots have their places, and who is gone', async () => {
    const history = new MemoryHistory();
    const { bots, end, isOver, clock } = lead(({ term }) => {
      expect(term).toBe(3);
      return history;
    });
    bots.replace([bot(0)], '1');
    bots.replace([bot(1)], '2');
    bots.replace([], '3');
    await waitFor('the batch', () => {
      clock.advance(50);
      return history.batches.length > 0;
    });
    expect(history.batches.flatMap(({ records }) => records)).toMatchObject([
      { kind: 'transition', of: 'placement', uid: 'one', to: 'default/0' },
      { kind: 'transition', of: 'placement', uid: 'one', from: 'default/0', to: 'default/1' },
    ]);
    expect(history.gone).toEqual(['one']);
    end.abort();
    // A database that hangs keeps no lease.
    await waitFor('the end', () => {
      clock.advance(200);
      return isOver();
    });
  });

  it('is to say when it is kept no more', async () => {
    const history = new MemoryHistory();
    const { changes, clock, end, isOver } = lead(() => history);
    await waitFor('the first look', () => changes.length === 1);
    history.reason = 'Unavailable';
    await waitFor('the next one', () => {
      clock.advance(500);
      return changes.length === 2;
    });
    expect(changes).toEqual(['Kept', 'Unavailable']);
    end.abort();
    await waitFor('the end', () => {
      clock.advance(200);
      return isOver();
    });
  });
});
