import { expect, it } from 'vitest';
import { rawApi } from './raw-api.ts';
import { describeWithApiServer } from './with-api-server.ts';

describeWithApiServer('smoke', ({ kubeconfig, auditLog }) => {
  it('works', async () => {
    const { status, body } = await rawApi(kubeconfig, { path: '/apis/tenantbot.dev' });
    expect(status).toBe(200);
    console.log(JSON.stringify(body), auditLog);
  });
});
