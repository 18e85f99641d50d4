import { describe, expect, it } from 'vitest';
import type { PodState } from '../../../src/controller/bot/ownership.ts';
import { ShardWatch } from '../../../src/controller/bot/shard-watch.ts';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';

const SHARD = { fleet: 'default', ordinal: 0 };
const REASSIGN_MS = 60_000;

function makeWatch(pod: PodState) {
  const clock = new AdjustableClock();
  let heardMs: number | undefined;
  const watch = new ShardWatch({
    clock,
    roster: { shards: () => [SHARD] },
    shards: { lastSeen: () => heardMs },
    podState: () => pod,
    reassignMs: () => REASSIGN_MS,
  });
  watch.look();
  const hear = (): void => {
    heardMs = clock.monotonicMs();
  };
  return { clock, watch, hear };
}

describe('a shard that is not heard', () => {
  it('and never was is starting: its bots wait for minutes, not for reassignSeconds', () => {
    const { clock, watch } = makeWatch('unready');
    clock.advance(4 * 60_000);
    expect(watch.stateOf(SHARD)).toBe('silent');
    clock.advance(60_000);
    expect(watch.stateOf(SHARD)).toBe('lost');
  });

  it('any more is lost after reassignSeconds where its pod is not Ready', () => {
    const { clock, watch, hear } = makeWatch('unready');
    clock.advance(5_000);
    hear();
    clock.advance(REASSIGN_MS - 1);
    expect(watch.stateOf(SHARD)).toBe('silent');
    clock.advance(1);
    expect(watch.stateOf(SHARD)).toBe('lost');
    hear();
    expect(watch.stateOf(SHARD)).toBe('heard');
  });

  it('since the leader died, too, is lost as soon', () => {
    const { clock, watch } = makeWatch('absent');
    watch.adopt(SHARD);
    clock.advance(REASSIGN_MS);
    expect(watch.stateOf(SHARD)).toBe('lost');
  });

  it('with a pod that is Ready keeps its bots', () => {
    const { clock, watch, hear } = makeWatch('ready');
    hear();
    clock.advance(100 * REASSIGN_MS);
    expect(watch.stateOf(SHARD)).toBe('silent');
  });
});
