import { expect, test } from 'vitest';
import { CLOSED_BREAKER } from '../../src/api/breaker.ts';
import { UNKNOWN_HEALTH } from '../../src/api/health.ts';
import { PROTOCOL, syncRequestSchema } from '../../src/control/messages.ts';
import { report } from './support.ts';

test('a runtime of the version before, which tells less of a bot, is understood', () => {
  const {
    facts: { health: _health, breaker: _breaker, ...facts },
    ...told
  } = report('a');
  const body = {
    protocol: PROTOCOL,
    session: 'session-1',
    seq: 1,
    reports: [{ ...told, facts }],
  };
  const [read] = syncRequestSchema.parse(body).reports;
  expect(read?.facts).toEqual({ ...facts, health: UNKNOWN_HEALTH, breaker: CLOSED_BREAKER });
});
