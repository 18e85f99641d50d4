import { beforeEach, expect, it } from 'vitest';
import type { PodState } from '../../../src/controller/bot/ownership.ts';
import { ShardStates } from '../../../src/controller/bot/shard-states.ts';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';

const FLEET = 'default';
let clock: AdjustableClock;
let heard: Map<number, number>;
let pods: Map<number, PodState>;
let lost: number[];
let states: ShardStates;

beforeEach(() => {
  clock = new AdjustableClock();
  heard = new Map();
  pods = new Map();
  lost = [];
  states = new ShardStates({
    shards: { lastSeen: ({ ordinal }) => heard.get(ordinal) },
    podState: ({ ordinal }) => pods.get(ordinal) ?? 'ready',
    lost: () => lost,
    clock,
  });
});

function hear(ordinal: number): void {
  heard.set(ordinal, clock.monotonicMs());
}

function stateOf(ordinal: number): string {
  return states.of(FLEET)(ordinal);
}

it('a shard is ready while it is heard and its pod goes on', () => {
  expect(stateOf(0)).toBe('away');
  hear(0);
  expect(stateOf(0)).toBe('ready');
  pods.set(0, 'unready');
  expect(stateOf(0)).toBe('away');
  pods.set(0, 'unknown');
  expect(stateOf(0)).toBe('ready');
  clock.advance(5_000);
  expect(stateOf(0)).toBe('away');
});

it('a lost shard stays lost without its bots, until it is heard', () => {
  clock.advance(60_000);
  lost = [1];
  expect(stateOf(1)).toBe('lost');
  lost = [];
  expect([...states.lost(FLEET)]).toEqual([1]);
  expect([...states.lost('other')]).toEqual([]);
  clock.advance(1_000);
  hear(1);
  expect(stateOf(1)).toBe('ready');
  expect([...states.lost(FLEET)]).toEqual([]);
});
