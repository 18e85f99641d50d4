import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ElectionWorld, FAULT_KINDS, type Fault } from './election-world.ts';

const FAULTY_MS = 45_000;
/** Pauses and restarts that began at the very end, the lease's time and a look; then some work. */
const RECOVERY_MS = 12_000 + 8000;

const fault: fc.Arbitrary<Fault> = fc.record({
  kind: fc.constantFrom(...FAULT_KINDS),
  atMs: fc.integer({ min: 0, max: FAULTY_MS }),
  candidate: fc.nat(2),
  forMs: fc.integer({ min: 100, max: 12_000 }),
});

describe('Elector', () => {
  it('never lets two work at once, and somebody once faults are over', {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.array(fault, { maxLength: 25 }), async (seed, faults) => {
        const world = new ElectionWorld({ seed, slots: 3 });
        for (const fault of faults) world.inject(fault);
        await world.runUntil(FAULTY_MS);
        world.heal();
        await world.runUntil(FAULTY_MS + RECOVERY_MS);
        const actsBefore = world.acts;
        const [leader] = world.atWork;
        await world.runUntil(FAULTY_MS + RECOVERY_MS + 10_000);
        expect(world.atWork).toEqual([leader]);
        expect(world.acts - actsBefore).toBeGreaterThan(35);
      }),
      { numRuns: 200 },
    );
  });
});
