import { beforeEach, expect, test } from 'vitest';
import { FleetPace } from '../../src/coordinator/fleet-pace.ts';

let pace: FleetPace;
beforeEach(() => {
  pace = new FleetPace();
});

/** The factor once time has come to `nowMs`, a step each second from `fromMs`. */
function at(nowMs: number, fromMs = nowMs): number {
  for (let ms = fromMs; ms <= nowMs; ms += 1_000) pace.step(ms);
  return pace.factor;
}

test('one or two bots that are told to slow down are no matter of the fleet', () => {
  pace.hear(0, 1, 0);
  pace.hear(1, 1, 0);
  expect(at(20_000, 0)).toBe(1);
});

test('three of them, on whatever shards, halve its pace at once', () => {
  pace.hear(0, 1, 0);
  pace.hear(1, 2, 0);
  expect(at(0)).toBe(0.5);
});

test('what has led to one step does not lead to another; what comes after it does', () => {
  pace.hear(0, 5, 0);
  expect(at(10_000, 0)).toBe(0.5);
  pace.hear(0, 5, 11_000);
  expect(at(11_000)).toBe(0.25);
});

test('it is never below a twentieth', () => {
  for (let ms = 0; ms < 200_000; ms += 11_000) {
    pace.hear(0, 3, ms);
    pace.step(ms);
  }
  expect(pace.factor).toBe(0.05);
});

test('it rises by a quarter every 5 s while nobody is told anything, and ends at 1', () => {
  pace.hear(0, 3, 0);
  pace.step(0);
  pace.hear(0, 0, 100);
  expect(at(4_900, 900)).toBe(0.5);
  expect(at(5_000)).toBe(0.625);
  expect(at(9_999)).toBe(0.625);
  expect(at(60_000, 10_000)).toBe(1);
});

test('a single bot that is told to slow down keeps it from rising', () => {
  pace.hear(0, 3, 0);
  pace.step(0);
  for (let ms = 1_000; ms < 60_000; ms += 1_000) {
    pace.hear(0, 1, ms);
    pace.step(ms);
  }
  expect(pace.factor).toBe(0.5);
});

test('a shard that is silent since is forgotten', () => {
  pace.hear(0, 2, 0);
  pace.hear(1, 1, 10_500);
  expect(at(10_500)).toBe(1);
});

test('the next leader goes on from there, and takes nothing back that it knows better', () => {
  pace.resume(0.25, 0);
  expect(at(4_999, 999)).toBe(0.25);
  expect(at(5_000)).toBe(0.3125);
  pace.resume(1, 5_000);
  expect(pace.factor).toBe(0.3125);
});
