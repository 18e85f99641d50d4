import { expect, test } from 'vitest';
import { LIFECYCLES, type Lifecycle } from '../../../src/api/runtime-facts.ts';
import { type BotState, transition } from '../../../src/runtime/bot/lifecycle.ts';

const STATES: { readonly [Kind in Lifecycle]: Extract<BotState, { readonly kind: Kind }> } = {
  Starting: { kind: 'Starting' },
  Running: { kind: 'Running', startedAt: '2026-01-31T12:00:00Z', sinceMs: 0 },
  Restarting: { kind: 'Restarting', crashes: 1, cooldownMs: 10_000 },
  Crashed: { kind: 'Crashed', crashes: 4 },
  Stopping: { kind: 'Stopping' },
  Stopped: { kind: 'Stopped' },
  Suspended: { kind: 'Suspended' },
};
const stateOf = (kind: Lifecycle): BotState => STATES[kind];

const FORBIDDEN: readonly (readonly [Lifecycle, Lifecycle])[] = [
  ['Starting', 'Starting'],
  ['Running', 'Running'],
  ['Running', 'Stopped'],
  ['Restarting', 'Running'],
  ['Restarting', 'Crashed'],
  ['Restarting', 'Stopped'],
  ['Crashed', 'Running'],
  ['Crashed', 'Restarting'],
  ['Crashed', 'Stopped'],
  ['Stopping', 'Running'],
  ['Stopping', 'Starting'],
  ['Stopping', 'Restarting'],
  ['Stopping', 'Crashed'],
  ['Stopped', 'Running'],
  ['Stopped', 'Crashed'],
  ['Stopped', 'Restarting'],
  ['Suspended', 'Running'],
  ['Suspended', 'Crashed'],
];

test.each(FORBIDDEN)('a bot never goes from %s to %s', (from, to) => {
  expect(() => transition(stateOf(from), stateOf(to))).toThrow(`from ${from} to ${to}`);
});

test('from everywhere a bot can get to where it stops', () => {
  for (const from of LIFECYCLES) {
    if (from === 'Stopping' || from === 'Stopped') continue;
    expect(transition(stateOf(from), stateOf('Stopping'))).toEqual({ kind: 'Stopping' });
  }
  expect(transition(stateOf('Stopping'), stateOf('Stopped'))).toEqual({ kind: 'Stopped' });
});
