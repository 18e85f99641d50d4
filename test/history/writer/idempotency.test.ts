import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type HistoryRecord, RECORD_KINDS } from '../../../src/api/history-records.ts';
import { linesOf, Oracle } from './oracle.ts';
import { error, HOUR_MS, NOON_MS, snapshot, transition, usage, verification } from './records.ts';
import { setStage } from './stage.ts';

/** What a session tells, number by number; counts grow. */
const session = fc
  .array(
    fc.record({
      kind: fc.constantFrom(...RECORD_KINDS),
      uid: fc.constantFrom('uid-1', 'uid-2'),
      hoursAgo: fc.integer({ min: 0, max: 50 }),
    }),
    { minLength: 1, maxLength: 30 },
  )
  .map((drafts) =>
    drafts.map(({ kind, uid, hoursAgo }, seq): HistoryRecord => {
      const at = NOON_MS - hoursAgo * HOUR_MS;
      const hour = NOON_MS - (hoursAgo % 2) * HOUR_MS;
      switch (kind) {
        case 'snapshot':
          return snapshot(seq, { uid, at });
        case 'transition':
          return transition(seq, { uid, at });
        case 'verification':
          return verification(seq, { uid, at });
        case 'usage':
          return usage(seq + 1, { uid, hour });
        case 'error':
          return error(seq + 1, { uid, hour });
        default:
          return kind satisfies never;
      }
    }),
  );

/** A part of it that is sent, by a clock that shows something, to one of two leaders in turn. */
const telling = fc.record({
  places: fc.array(fc.nat(), { minLength: 1, maxLength: 12 }),
  offMs: fc.constantFrom(0, 0, 4_900, 5_100, -9_000, 20 * 60_000),
  isFresh: fc.boolean(),
  isAtOnce: fc.boolean(),
});

test('whatever is told, in any order and any number of times, is there once', async () => {
  const { rows, another, clock } = await setStage({ term: 1 });
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      session,
      fc.array(telling, { minLength: 1, maxLength: 12 }),
      async (records, tellings) => {
        const name = `session-${run++}-`;
        const oracle = new Oracle();
        const sent: Promise<void>[] = [];
        let writer = another({});
        for (const { places, offMs, isFresh, isAtOnce } of tellings) {
          const told = places.flatMap((place) => records[place % records.length] ?? []);
          const batch = { session: name, at: clock.wallMs() + offMs, dropped: {}, records: told };
          oracle.tell(batch);
          if (isFresh) {
            await writer.close();
            writer = another({});
          }
          sent.push(writer.write(batch, AbortSignal.timeout(20_000)));
          if (!isAtOnce) await Promise.all(sent);
        }
        await Promise.all(sent);
        await writer.close();
        expect(await linesOf(rows, name)).toEqual(oracle.lines);
      },
    ),
    { numRuns: 40 },
  );
}, 60_000);
