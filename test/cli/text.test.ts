import { describe, expect, test } from 'vitest';
import { parseDuration } from '../../src/cli/duration.ts';
import { abortOnSignals } from '../../src/cli/signals.ts';
import { formatTable } from '../../src/cli/table.ts';
import { displayWidth, oneLine, printable } from '../../src/cli/terminal-text.ts';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';

test.each([
  ['500ms', 500],
  ['5s', 5_000],
  ['1.5s', 1_500],
  ['1m', 60_000],
  ['0s', 0],
])('%s are %d ms', (text, ms) => {
  expect(parseDuration(text, '--timeout')).toBe(ms);
});

test.each(['', '5', '5 s', '-1s', '1h', '11m', 'soon'])('%j is no duration', (text) => {
  expect(() => parseDuration(text, '--timeout')).toThrow(/--timeout must be a time such as/);
});

describe('terminal text', () => {
  test.each([
    ['abc', 3],
    ['🌞', 2],
    ['👩‍👩‍👧', 2],
    ['日本', 4],
    ['é', 1],
    ['❤️', 2],
    ['', 0],
  ])('%s takes %d columns', (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });

  test('does not let a bot steer the terminal', () => {
    expect(printable('a\u001B[2Jb\u0000\uD800c\n')).toBe('a\uFFFD[2Jb\uFFFD\uFFFDc\n');
    expect(oneLine('a\n\tb')).toBe('a b');
  });

  test('a table is laid out as kubectl does it', () => {
    const rows = [
      ['NAME', 'READY', 'AGE'],
      ['日本', '', '5m'],
      ['greeter', 'True', '12d'],
    ];
    expect(formatTable(rows)).toBe(
      'NAME      READY   AGE\n日本              5m\ngreeter   True    12d',
    );
  });
});

test('two signals within a second are one request, a later one is another', () => {
  const clock = new AdjustableClock();
  let forced = 0;
  const before = process.listeners('SIGHUP');
  const signal = abortOnSignals(clock, () => forced++);
  const listener = process.listeners('SIGHUP').find((one) => !before.includes(one));
  expect(signal.aborted).toBe(false);
  listener?.('SIGHUP');
  expect(signal.aborted).toBe(true);
  clock.advance(900);
  listener?.('SIGHUP');
  expect(forced).toBe(0);
  clock.advance(200);
  listener?.('SIGHUP');
  expect(forced).toBe(1);
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    if (listener) process.off(name, listener);
  }
});
