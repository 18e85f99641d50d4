import { expect, test } from 'vitest';
import { Secret } from '../../../src/lib/secret.ts';
import { ownerAccess } from '../../../src/standalone/admin-api/owner-access.ts';

test('whoever has the token owns the standalone, and nobody else', async () => {
  const access = ownerAccess(new Secret('the-token'));
  const { signal } = new AbortController();
  const owner = await access.authenticate(new Secret('the-token'), signal);
  expect(owner?.name).toBe('owner');
  for (const text of ['the-toke', 'the-token ', '', 'The-token'])
    expect(await access.authenticate(new Secret(text), signal)).toBeUndefined();
});
