import { expect, test } from 'vitest';
import { CrashRecord } from '../../../src/runtime/bot/crash-record.ts';

const settings = { maxRestarts: 2, cooldownSeconds: 7, heartbeatSeconds: 300 };

test('so many restarts as the spec allows, then none, until what was is forgotten', () => {
  const record = new CrashRecord();
  expect(record.next(settings, 0)).toEqual({ kind: 'Restarting', crashes: 1, cooldownMs: 7_000 });
  expect(record.next(settings, 599_999).kind).toBe('Restarting');
  expect(record.next(settings, 0)).toEqual({ kind: 'Crashed', crashes: 3 });
  record.clear();
  expect(record.next(settings, 0).kind).toBe('Restarting');
});

test('a bot that ran steadily before it crashed begins to count anew', () => {
  const record = new CrashRecord();
  for (let crash = 0; crash < 10; crash++) {
    expect(record.next(settings, 600_000)).toMatchObject({ kind: 'Restarting', crashes: 1 });
  }
});

test('where no restart is allowed the first crash is the last, and settings count as they are', () => {
  const record = new CrashRecord();
  expect(record.next({ ...settings, maxRestarts: 0 }, 0).kind).toBe('Crashed');
  expect(record.next(settings, 0).kind).toBe('Restarting');
});
