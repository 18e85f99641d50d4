import { beforeEach, expect, test } from 'vitest';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { seededRandom } from '../../../src/lib/random.ts';
import { TokenCheck } from '../../../src/runtime/bot/token-check.ts';
import { CallError, type CallFault } from '../../../src/runtime/telegram/call-error.ts';

let clock: AdjustableClock;
let check: TokenCheck;
beforeEach(() => {
  clock = new AdjustableClock({ startWallMs: Date.UTC(2026, 0, 31, 12) });
  check = new TokenCheck(clock, seededRandom(1));
});

const failure = (fault: CallFault, retryAfterMs?: number) =>
  new CallError(fault, `it was ${fault}`, {
    mayHaveHappened: false,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });

/** Fails again and again, waiting as long as it is told to, for `ms` at least. */
function failFor(ms: number, fault: CallFault): number {
  let tries = 0;
  for (const endMs = clock.monotonicMs() + ms; clock.monotonicMs() < endMs; tries++) {
    clock.advance(check.failed(failure(fault)));
  }
  return tries;
}

test('a token that Telegram knows is valid, and needs no words', () => {
  check.accepted();
  expect(check.status).toEqual({
    state: 'Valid',
    lastChecked: '2026-01-31T12:00:00Z',
    message: '',
  });
});

test('one refusal proves nothing: it is suspected, and checked again within seconds', () => {
  check.accepted();
  expect(check.failed(failure('unauthorized'))).toBeLessThanOrEqual(5_000);
  expect(check.status).toMatchObject({
    state: 'Unauthorized',
    message: expect.stringContaining('@BotFather'),
  });
});

test('refusals that go on for two minutes mean that it was revoked', () => {
  failFor(119_000, 'unauthorized');
  expect(check.status.state).toBe('Unauthorized');
  failFor(61_000, 'unauthorized');
  expect(check.status.state).toBe('Revoked');
});

test('two refusals far apart do not', () => {
  check.failed(failure('unauthorized'));
  clock.advance(600_000);
  check.failed(failure('unauthorized'));
  expect(check.status.state).toBe('Unauthorized');
  check.failed(failure('unauthorized'));
  expect(check.status.state).toBe('Revoked');
});

test('refusals before a success do not count', () => {
  failFor(119_000, 'unauthorized');
  check.accepted();
  clock.advance(60_000);
  check.failed(failure('unauthorized'));
  expect(check.status.state).toBe('Unauthorized');
});

test('a dead token is asked about a few times an hour at most', () => {
  failFor(600_000, 'unauthorized');
  expect(failFor(6 * 3_600_000, 'unauthorized')).toBeLessThan(30);
});

test.each([
  ['network', 'NetworkError'],
  ['server', 'NetworkError'],
  ['timeout', 'Timeout'],
  ['rejected', 'UnknownError'],
  ['unknown', 'UnknownError'],
] as const)('%s is %s, said in its words', (fault, state) => {
  check.failed(failure(fault));
  expect(check.status).toMatchObject({ state, message: `it was ${fault}` });
});

test('trouble on the way does not hide that the token is refused', () => {
  check.failed(failure('unauthorized'));
  check.failed(failure('network'));
  expect(check.status.state).toBe('Unauthorized');
});

test('retry_after is obeyed', () => {
  expect(check.failed(failure('rate-limited', 90_000))).toBeGreaterThanOrEqual(90_000);
});

test('while the network is away the waits grow to a minute and no further', () => {
  expect(check.failed(failure('network'))).toBeLessThanOrEqual(1_000);
  failFor(600_000, 'network');
  const waitMs = check.failed(failure('network'));
  expect(waitMs).toBeGreaterThanOrEqual(30_000);
  expect(waitMs).toBeLessThanOrEqual(60_000);
});
