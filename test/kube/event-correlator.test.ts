import { describe, expect, it } from 'vitest';
import { EventCorrelator } from '../../src/kube/event-correlator.ts';
import type { ObjectEvent } from '../../src/kube/event-series.ts';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';

const MINUTE_MS = 60_000;

function setUp(maxSeries?: number) {
  const clock = new AdjustableClock({ startWallMs: Date.UTC(2026, 0, 31) });
  const source = { controller: 'example.dev/it', instance: 'it-0' };
  const correlator = new EventCorrelator(clock, source, maxSeries);
  const observe = (changes: Partial<ObjectEvent> = {}) =>
    correlator.observe({ ...event(), ...changes });
  return { clock, correlator, observe };
}

function event(uid = 'u'): ObjectEvent {
  return {
    regarding: { apiVersion: 'v1', kind: 'Pod', name: 'p', namespace: 'ns', uid },
    type: 'Normal',
    reason: 'Placed',
    action: 'Place',
    note: 'on shard 1',
  };
}

describe('EventCorrelator', () => {
  it('makes one series of what repeats itself, due once a minute', () => {
    const { clock, correlator, observe } = setUp();
    observe();
    const [series] = correlator.unwritten();
    expect(series).toMatchObject({ series: undefined, dueMs: 0, created: false });
    series?.wrote(1);
    expect(correlator.unwritten()).toEqual([]);
    clock.advance(1000);
    observe();
    observe();
    expect(correlator.unwritten()).toEqual([series]);
    expect(series).toMatchObject({
      created: true,
      dueMs: MINUTE_MS,
      series: { count: 3, lastObservedTime: '2026-01-31T00:00:01.000000Z' },
    });
  });

  it('begins anew after six quiet minutes', () => {
    const { clock, correlator, observe } = setUp();
    observe();
    clock.advance(6 * MINUTE_MS - 1);
    observe();
    expect(correlator.unwritten()).toHaveLength(1);
    correlator.unwritten()[0]?.wrote(2);
    clock.advance(6 * MINUTE_MS);
    observe();
    expect(correlator.unwritten()[0]).toMatchObject({ count: 1, created: false });
  });

  it('tells apart whatever a reader would', () => {
    const { correlator, observe } = setUp();
    const changes: Partial<ObjectEvent>[] = [
      {},
      { note: 'on shard 2' },
      { reason: 'Moved' },
      { action: 'Move' },
      { type: 'Warning' },
      { regarding: event('v').regarding },
      { related: event('v').regarding },
    ];
    for (const change of changes) observe(change);
    expect(correlator.unwritten()).toHaveLength(changes.length);
  });

  it('hears of one object ever less, and of others as before', () => {
    const { clock, correlator, observe } = setUp();
    const taken = Array.from({ length: 30 }, (_, turn) => observe({ note: `${turn}` }));
    expect(taken.filter(Boolean)).toHaveLength(25);
    expect(observe({ note: '0' })).toBe(true);
    expect(observe({ regarding: event('v').regarding })).toBe(true);
    clock.advance(5 * MINUTE_MS);
    expect(observe({ note: 'later' })).toBe(true);
    expect(observe({ note: 'again' })).toBe(false);
    expect(correlator.unwritten()).toHaveLength(27);
  });

  it('forgets the one that has been quiet longest where there are too many', () => {
    const { correlator, observe } = setUp(2);
    observe({ note: 'a' });
    observe({ note: 'b' });
    observe({ note: 'a' });
    observe({ note: 'c' });
    const notes = correlator.unwritten().map(({ manifest }) => manifest['note']);
    expect(notes).toEqual(['a', 'c']);
  });

  it('keeps within the limits of the API server, and no token in the note', () => {
    const { correlator, observe } = setUp();
    observe({
      note: `12345:abcdefghijklmnopqrstuvwxyz ${'€'.repeat(1000)}`,
      regarding: { ...event().regarding, name: 'n'.repeat(253) },
    });
    const { metadata, ...manifest } = correlator.unwritten()[0]?.manifest ?? expect.unreachable();
    expect(metadata.name?.length).toBeLessThanOrEqual(253);
    expect(manifest['note']).toMatch(/^\[secret\] €+…$/);
    expect(Buffer.byteLength(String(manifest['note']))).toBeLessThanOrEqual(1024);
  });
});
