import { expect, it } from 'vitest';
import { describeWithApiServer } from '../cluster/with-api-server.ts';
import { botWorld } from '../controller/bot/bot-world.ts';
import { tenantbot } from '../support/tenantbot.ts';
import { waitFor } from '../support/wait.ts';

describeWithApiServer('the shards of a cluster', ({ kubeconfig }) => {
  const world = botWorld(kubeconfig);

  it('are shown with their bots', async () => {
    await world().lead({ fleets: true });
    world().run({ fleet: 'default', ordinal: 0 });
    await world().botWithToken('greeter', 11);
    await world().untilReady('greeter');
    const [namespace] = world().namespaces;
    await waitFor(
      'a row of its shard',
      async () => {
        const words = ['shards', '--fleet', 'default', '-n', namespace];
        const { code, out } = await tenantbot('.', ...words, '--kubeconfig', kubeconfig);
        expect(code).toBe(0);
        return /^default +0 +tenantbot-default-0 +False +1 +<none> +<none>$/m.test(out);
      },
      { timeoutMs: 30_000, intervalMs: 500 },
    );
  });
});
