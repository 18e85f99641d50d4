import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  afterEvent,
  type Hosting,
  type HostingEvent,
  type ShardState,
  shardState,
} from '../../../src/controller/bot/ownership.ts';

const hostingArb: fc.Arbitrary<Hosting> = fc.oneof(
  fc.constantFrom<Hosting>(
    { kind: 'none' },
    { kind: 'possible' },
    { kind: 'handed' },
    { kind: 'lost' },
  ),
  fc.record({ kind: fc.constant('leaving' as const), untilMs: fc.nat(100) }),
);
const shardArb = fc.constantFrom<ShardState>('heard', 'silent', 'gone', 'lost');
const eventArb: fc.Arbitrary<HostingEvent> = fc.oneof(
  fc
    .constantFrom('adopted', 'handedOut', 'wantedAgain', 'released', 'abandoned')
    .map((kind) => ({ kind })),
  fc.record({ kind: fc.constant('withdrawn' as const), untilMs: fc.nat(100) }),
  fc.record({
    kind: fc.constant('shardSeen' as const),
    shard: shardArb,
    isNext: fc.boolean(),
    nowMs: fc.nat(100),
  }),
);

/** In which another owner may be given to the bot. */
const isFree = ({ kind }: Hosting): boolean => kind === 'none' || kind === 'lost';

test('a bot gets free only by its end, or by the loss of its shard', () => {
  fc.assert(
    fc.property(hostingArb, eventArb, (before, event) => {
      const after = afterEvent(before, event);
      if (isFree(before) || !isFree(after)) return;
      if (event.kind === 'released') {
        expect(before.kind).toBe('leaving');
        return;
      }
      if (event.kind !== 'shardSeen') throw new Error(`freed by ${event.kind}`);
      expect(event.shard).not.toBe('heard');
      // Somebody waits to run it: then silence alone is not enough.
      if (event.shard === 'silent') expect(event.isNext).toBe(false);
      if (event.shard === 'gone') expect(before.kind).toBe('leaving');
    }),
  );
});

test('a bot that is hosted nowhere is so until it is handed out', () => {
  fc.assert(
    fc.property(eventArb, (event) => {
      const { kind } = afterEvent({ kind: 'none' }, event);
      const begins = event.kind === 'handedOut' || event.kind === 'adopted';
      expect(kind !== 'none').toBe(begins);
    }),
  );
});

test('a lost bot is its shard’s again when that is heard, unless it was given up', () => {
  const heard = { kind: 'shardSeen', shard: 'heard', isNext: true, nowMs: 0 } as const;
  const lost = afterEvent({ kind: 'handed' }, { ...heard, shard: 'lost' });
  expect(lost.kind).toBe('lost');
  expect(afterEvent(lost, heard).kind).toBe('possible');
  expect(afterEvent(afterEvent(lost, { kind: 'abandoned' }), heard).kind).toBe('none');
});

test.each([
  ['is heard', 9_999, 'absent', 'heard'],
  ['restarts', 10_000, 'absent', 'gone'],
  ['is not gone for a leader that can’t see its pod', 100_000, 'unknown', 'silent'],
  ['is waited for', 59_999, 'unready', 'silent'],
  ['is lost with its node', 60_000, 'unready', 'lost'],
  ['is lost with its pod', 60_000, 'absent', 'lost'],
  ['is cut off, and goes on', 3_600_000, 'ready', 'silent'],
] as const)('a shard that %s', (_, silentMs, pod, state) => {
  expect(shardState(silentMs, pod, { reassignMs: 60_000 })).toBe(state);
});
