import { beforeEach, describe, expect, it } from 'vitest';
import type { Demand, GrantId, Share } from '../../src/control/grants.ts';
import { HolderAccount } from '../../src/coordinator/holder-account.ts';
import { countedMs, LEASE_TIMINGS, restMs } from '../../src/coordinator/timings.ts';

const ID = { shard: 0, session: 'session', pod: 'pod' };
const COUNTED_MS = countedMs(LEASE_TIMINGS);
const REST_MS = restMs(LEASE_TIMINGS);

function shares(limit: number, fallback: number): ReadonlyMap<string, Share> {
  return new Map([['total', { limit, fallback }]]);
}

function tells(load: number, limit: number, grant?: GrantId): Demand {
  return { uses: { total: { wanted: 0, load, limit } }, throttled: 0, ...(grant && { grant }) };
}

describe('what a holder may be using', () => {
  let account: HolderAccount;
  beforeEach(() => {
    account = new HolderAccount(ID, LEASE_TIMINGS);
  });
  const exposure = (nowMs: number): number => account.exposure('total', nowMs);

  it('is nothing before anything was granted or told', () => {
    expect([exposure(0), account.base('total'), account.resources().size]).toEqual([0, 0, 0]);
  });

  it('is the largest of what was granted until it says which it goes by', () => {
    account.issue(1, shares(10, 5), 0);
    account.issue(2, shares(4, 4), 10);
    expect(exposure(20)).toBe(10);
    account.hear(tells(0, 10), 1, 30);
    expect(exposure(40)).toBe(10);
    account.hear(tells(0, 4), 2, 50);
    expect(exposure(60)).toBe(4);
  });

  it('holds the calls that still count, however little it is granted', () => {
    account.issue(1, shares(10, 5), 0);
    account.issue(2, shares(1, 1), 10);
    account.hear(tells(8, 1), 2, 100);
    expect(exposure(100)).toBe(8);
    expect(exposure(100 + REST_MS - 1)).toBe(8);
    expect(exposure(100 + REST_MS)).toBe(1);
  });

  it('falls to the fallback when it is silent, once the grant has surely run out', () => {
    account.issue(1, shares(10, 3), 0);
    expect(exposure(COUNTED_MS - 1)).toBe(10);
    expect(exposure(COUNTED_MS)).toBe(3);
    expect(exposure(3_600_000)).toBe(3);
  });

  it('begins anew with each renewal, also of the same shares', () => {
    account.issue(1, shares(10, 3), 0);
    account.issue(2, shares(10, 3), 5_000);
    expect(exposure(COUNTED_MS + 4_999)).toBe(10);
    expect(exposure(COUNTED_MS + 5_000)).toBe(3);
  });

  it('ends a while after its process has', () => {
    account.issue(1, shares(10, 3), 0);
    account.end(100);
    account.end(60_000);
    expect([account.isOver(100 + REST_MS - 1), account.isOver(100 + REST_MS)]).toEqual([
      false,
      true,
    ]);
  });

  it('ends without a fallback where its pod is no more, once all has run out', () => {
    account.issue(1, shares(10, 3), 0);
    account.leave();
    expect([exposure(100), account.isOver(COUNTED_MS - 1)]).toEqual([10, false]);
    expect([exposure(COUNTED_MS), account.isOver(COUNTED_MS)]).toEqual([0, true]);
  });

  it('counts what another leader may have granted from when that was read', () => {
    account.inherit(shares(7, 2), 1_000);
    expect(exposure(1_000 + COUNTED_MS - 1)).toBe(7);
    expect(exposure(1_000 + COUNTED_MS)).toBe(2);
    account.issue(1, shares(4, 4), 60_000);
    account.hear(tells(0, 4), 1, 60_100);
    expect(exposure(60_100)).toBe(4);
  });

  it('believes a holder that goes by more than anybody knows of', () => {
    account.issue(1, shares(2, 2), 0);
    account.hear(tells(0, 9, { term: 4, instance: 'unknown', seq: 3 }), undefined, 10);
    expect(exposure(10)).toBe(9);
    expect(exposure(3_600_000)).toBe(9);
    account.issue(2, shares(2, 2), 20);
    account.hear(tells(0, 2), 2, 30);
    expect(exposure(30 + REST_MS)).toBe(2);
  });

  it('believes it also where its calls make up for all of it at that moment', () => {
    account.hear(tells(5, 5, { term: 4, instance: 'unknown', seq: 3 }), undefined, 0);
    expect([exposure(0), exposure(REST_MS), exposure(3_600_000)]).toEqual([5, 5, 5]);
    expect(account.ceiling('total', 0)).toEqual({ limit: 5, fallback: 5 });
  });

  it('passes to the process after it, until that says what it goes by', () => {
    account.inherit(shares(6, 6), 0);
    const next = new HolderAccount({ ...ID, session: 'next' }, LEASE_TIMINGS);
    next.inheritFrom(account);
    expect(next.exposure('total', 10)).toBe(6);
    next.issue(1, shares(1, 1), 10);
    next.hear(tells(0, 1), 1, 20);
    expect(next.exposure('total', 20)).toBe(1);
  });

  it('tells the next leader the most that there may be', () => {
    account.issue(1, shares(3, 3), 0);
    account.issue(2, shares(8, 1), 10);
    expect(account.ceiling('total', 20)).toEqual({ limit: 8, fallback: 3 });
    expect(account.ceiling('total', COUNTED_MS + 10)).toEqual({ limit: 3, fallback: 3 });
    expect(account.ceiling('method:sendPhoto', 20)).toEqual({ limit: 0, fallback: 0 });
  });

  it('surely has what was granted last, or what it says where nothing was', () => {
    account.hear(tells(0, 5, { term: 1, instance: 'unknown', seq: 1 }), undefined, 0);
    expect(account.base('total')).toBe(5);
    account.issue(1, shares(2, 2), 10);
    expect(account.base('total')).toBe(2);
  });

  it('is heard for as long as it is not silent', () => {
    expect(account.isHeard(0)).toBe(false);
    account.hear(tells(0, 0), undefined, 100);
    expect(account.isHeard(100 + LEASE_TIMINGS.silentMs - 1)).toBe(true);
    expect(account.isHeard(100 + LEASE_TIMINGS.silentMs)).toBe(false);
  });
});
