import { expect, test } from 'vitest';
import { FAULT_RULES, type FaultRule } from '../../../src/runtime/pipeline/rules.ts';
import { CALL_FAULTS, type CallFault } from '../../../src/runtime/telegram/call-error.ts';

type Row = readonly [
  breaker: FaultRule['breaker'],
  upstream: FaultRule['upstream'],
  retry: FaultRule['retry'] | 'never',
  health: FaultRule['health'],
  token: 'in doubt' | '–',
];

/** DESIGN §8, row by row; the breaker of the shard beside that of the bot. */
const TABLE: Record<CallFault, Row> = {
  network: ['failure', 'failure', 'network', 'failure', '–'],
  timeout: ['failure', 'failure', 'network', 'failure', '–'],
  server: ['failure', 'failure', 'server', 'failure', '–'],
  'rate-limited': ['ignored', 'success', 'rateLimit', 'rate-limited', '–'],
  unauthorized: ['failure', 'ignored', 'never', 'failure', 'in doubt'],
  conflict: ['ignored', 'success', 'never', 'ignored', '–'],
  rejected: ['success', 'success', 'never', 'rejected', '–'],
  unknown: ['failure', 'ignored', 'unknown', 'failure', '–'],
  'breaker-open': ['ignored', 'ignored', 'never', 'ignored', '–'],
  'held-back': ['ignored', 'ignored', 'never', 'ignored', '–'],
  aborted: ['ignored', 'ignored', 'never', 'ignored', '–'],
};

test.each(CALL_FAULTS)('what follows from %s', (fault) => {
  const { breaker, upstream, retry = 'never', health, suspectToken } = FAULT_RULES[fault];
  expect([breaker, upstream, retry, health, suspectToken ? 'in doubt' : '–']).toEqual(TABLE[fault]);
});
