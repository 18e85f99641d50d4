import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import {
  meterVerifications,
  Verifications,
} from '../../../../src/runtime/handlers/gate/verifications.ts';

test('what became of users is counted by outcome, and shown however often it is asked for', async () => {
  const registry = new Registry();
  const verifications = new Verifications();
  meterVerifications(registry, verifications);
  verifications.count('Prompted');
  verifications.count('Prompted');
  verifications.count('Verified');
  await registry.metrics();
  expect(await registry.metrics()).toContain(
    [
      'tenantbot_verifications_total{outcome="Prompted"} 2',
      'tenantbot_verifications_total{outcome="Refused"} 0',
      'tenantbot_verifications_total{outcome="Verified"} 1',
      'tenantbot_verifications_total{outcome="Left"} 0',
    ].join('\n'),
  );
});
