import { expect, onTestFinished, test } from 'vitest';
import { AuditTrail } from '../../src/history/audit-trail.ts';
import { makeDatabase, migrateDatabase } from './databases.ts';

test('a replica that does not lead writes the audit log, each entry once', async () => {
  const database = await makeDatabase();
  const trail = new AuditTrail(async () => database.address);
  onTestFinished(() => trail.close());
  const entry = {
    id: '0b8b6a3e-6a53-4b5e-9c0e-0e6a5a1f0001',
    at: Date.UTC(2026, 10, 22),
    actor: 'ana',
    action: 'suspend',
    namespace: 'shop',
    object: 'greeter',
  };
  await expect(trail.write(entry)).rejects.toThrow(/./);
  await migrateDatabase(database);
  await trail.write(entry);
  await trail.write(entry);
  const found = await database.rows(
    'select actor, action, namespace, object from tenantbot.audit_log',
    'superuser',
  );
  expect(found).toEqual([
    { actor: 'ana', action: 'suspend', namespace: 'shop', object: 'greeter' },
  ]);
});
