import { inputError } from '../lib/errors.ts';

/** The times of an election, in milliseconds. The same rules as in client-go hold. */
export interface ElectionTimings {
  /** How long others leave a holder alone that they no longer see renewing. Whole seconds. */
  readonly leaseDurationMs: number;
  /** A leader that has not managed to renew for this long has lost. */
  readonly renewDeadlineMs: number;
  /** How often a leader renews and a candidate looks. */
  readonly retryPeriodMs: number;
}

/** A killed leader is replaced within about 7.5 s. client-go's own are 15, 10 and 2 s. */
export const DEFAULT_ELECTION_TIMINGS: ElectionTimings = {
  leaseDurationMs: 6000,
  renewDeadlineMs: 4000,
  retryPeriodMs: 1000,
};

/** Candidates look up to this much later than every retry period, so that they spread out. */
export const RETRY_JITTER = 0.2;

/** Those who hear of a release at once come up to this much later, for the same reason. */
export const RELEASE_JITTER_MS = 50;

/**
 * How long guarded work may go on after the renew deadline. A quarter of the time to the end of the
 * lease remains for clocks that run at different speeds.
 */
export function stopGraceMs({ leaseDurationMs, renewDeadlineMs }: ElectionTimings): number {
  return ((leaseDurationMs - renewDeadlineMs) * 3) / 4;
}

/** One call may take this long: a leader whose renewal hangs has time for a second, as long. */
export function callTimeoutMs({ renewDeadlineMs, retryPeriodMs }: ElectionTimings): number {
  return (renewDeadlineMs - retryPeriodMs) / 2;
}

/** Returns `timings`; throws an `input` error where they can't keep two leaders apart. */
export function checkElectionTimings(timings: ElectionTimings): ElectionTimings {
  const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = timings;
  const problem = [
    [leaseDurationMs % 1000 !== 0, 'the lease duration must be whole seconds'],
    [leaseDurationMs < 1000, 'the lease duration must be 1 s at least'],
    [renewDeadlineMs >= leaseDurationMs, 'the renew deadline must be below the lease duration'],
    [
      renewDeadlineMs <= retryPeriodMs * (1 + RETRY_JITTER),
      `the renew deadline must be above ${1 + RETRY_JITTER} times the retry period`,
    ],
    [!(retryPeriodMs > 0), 'the retry period must be above 0'],
  ].find(([wrong]) => wrong);
  if (problem === undefined) return timings;
  throw inputError(
    'ELECTION_TIMINGS',
    `leader election with lease duration ${leaseDurationMs} ms, renew deadline ${renewDeadlineMs} ms, retry period ${retryPeriodMs} ms: ${String(problem[1])}`,
  );
}
