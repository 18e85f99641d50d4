import { beforeEach, describe, expect, it } from 'vitest';
import { ApiError } from '../../src/emulator/api-error.ts';
import { PollGate, type PollResult } from '../../src/emulator/poll-gate.ts';
import { UpdateQueue } from '../../src/emulator/update-queue.ts';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';

const TAKEN_OVER =
  'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running';

describe('PollGate', () => {
  let clock: AdjustableClock;
  let queue: UpdateQueue<string>;
  let gate: PollGate<string>;
  /** What each poll was answered with, and when. */
  let answers: Record<string, string>;

  beforeEach(() => {
    clock = new AdjustableClock({ startWallMs: 1_000_000_000_000 });
    queue = new UpdateQueue<string>(1, () => undefined);
    gate = new PollGate(clock, queue, () => undefined);
    answers = {};
  });

  function answerTo(name: string): (result: PollResult<string>) => void {
    return (result) => {
      const what =
        result instanceof ApiError ? result.message : `[${result.map(({ id }) => id).join()}]`;
      answers[name] = `${what} at ${clock.monotonicMs()}`;
    };
  }

  function poll(
    name: string,
    request: { offset?: number; limit?: number; timeoutMs?: number } = {},
  ): void {
    gate.request({ offset: 0, limit: 100, timeoutMs: 0, ...request }, answerTo(name));
  }

  function update(): void {
    queue.push('update', 1_000_000);
    gate.wake();
  }

  it('answers at once when updates wait, and with nothing when none do and none are awaited', () => {
    poll('empty', { offset: 1 });
    queue.push('update', 1_000_000);
    poll('full', { offset: 0, timeoutMs: 50_000 });
    expect(answers).toEqual({ empty: '[] at 0', full: '[1] at 0' });
  });

  it('holds a poll to its timeout', () => {
    poll('held', { timeoutMs: 50_000 });
    clock.advance(49_999);
    expect(answers).toEqual({});
    clock.advance(1);
    expect(answers).toEqual({ held: '[] at 50000' });
    expect(clock.pendingTimers).toBe(0);
  });

  it('gathers updates that come together into one answer', () => {
    poll('held', { timeoutMs: 50_000 });
    clock.advance(1_000);
    update();
    update();
    clock.advance(10);
    expect(answers).toEqual({ held: '[1,2] at 1001' });
  });

  it('puts an answer off for no longer than 2 ms, however steadily updates come', () => {
    poll('held', { timeoutMs: 50_000 });
    update();
    clock.advance(0.9);
    update();
    clock.advance(0.9);
    update();
    clock.advance(0.9);
    expect(answers).toEqual({ held: '[1,2,3] at 2' });
  });

  it('ends the older poll with 409 and holds the newer one', () => {
    poll('older', { offset: 5, timeoutMs: 50_000 });
    clock.advance(1_000);
    poll('newer', { offset: 6, timeoutMs: 50_000 });
    expect(answers).toEqual({ older: `${TAKEN_OVER} at 1000` });
    clock.advance(50_000);
    expect(answers['newer']).toBe('[] at 51000');
  });

  it('delays 409s that follow each other within 3 s', () => {
    for (const offset of [1, 2, 3]) {
      poll(`poll ${offset}`, { offset, timeoutMs: 50_000 });
      clock.advance(100);
    }
    clock.advance(3_000);
    expect(answers).toEqual({
      'poll 1': `${TAKEN_OVER} at 100`,
      'poll 2': `${TAKEN_OVER} at 3200`,
    });
  });

  it('leaves the held poll alone where the newer one can be answered at once', () => {
    poll('held', { offset: 3, timeoutMs: 50_000 });
    queue.push('update', 1_000_000);
    poll('newer', { offset: 0, timeoutMs: 50_000 });
    expect(answers).toEqual({ newer: '[1] at 0' });
    expect(gate.open).toBe(true);
  });

  it('holds the same offset for 3 s when it is asked again within 3 s', () => {
    poll('first', { offset: 7 });
    clock.advance(2_999);
    poll('again', { offset: 7 });
    expect(answers).toEqual({ first: '[] at 0' });
    clock.advance(3_000);
    expect(answers['again']).toBe('[] at 5999');
    clock.advance(3_000);
    poll('later', { offset: 7 });
    expect(answers['later']).toBe('[] at 8999');
  });

  it('answers one update at a time when the same offset is asked again within 0.5 s', () => {
    for (const name of ['a', 'b', 'c']) queue.push(name, 1_000_000);
    poll('first', { offset: 1, timeoutMs: 5_000 });
    clock.advance(499);
    poll('spinning', { offset: 1, timeoutMs: 5_000 });
    clock.advance(500);
    poll('calm', { offset: 1, timeoutMs: 5_000 });
    expect(answers).toEqual({
      first: '[1,2,3] at 0',
      spinning: '[1] at 499',
      calm: '[1,2,3] at 999',
    });
  });

  it('asks a negative offset only once', () => {
    poll('held', { offset: -1, timeoutMs: 50_000 });
    update();
    update();
    clock.advance(10);
    expect(answers).toEqual({ held: '[1,2] at 1' });
  });

  it('ends the held poll when a webhook is set, and when the bot is shut down', () => {
    poll('for the webhook', { timeoutMs: 50_000 });
    gate.endForWebhook();
    poll('at the end', { offset: 1, timeoutMs: 50_000 });
    gate.release();
    expect(answers).toEqual({
      'for the webhook': 'Conflict: terminated by setWebhook request at 0',
      'at the end': '[] at 0',
    });
    expect(clock.pendingTimers).toBe(0);
  });
});
