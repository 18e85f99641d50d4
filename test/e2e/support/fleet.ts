import { API_VERSION } from '../../../src/api/group.ts';
import { TENANT_BOTS } from '../../../src/controller/bot/stored-bot.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { SECRETS } from '../../../src/kube/well-known.ts';
import { inParallel } from './in-parallel.ts';
import { botManifests, type Installation, inSystem, OPERATOR_NAMESPACE } from './installation.ts';

/** A fleet of one test's own. Leaving an `await using` deletes it. */
export interface TestFleet extends AsyncDisposable {
  readonly name: string;
  /** The name of a shard's pod. */
  pod(ordinal: number): string;
  /** Changes its spec as a merge patch does. */
  patch(spec: object): Promise<void>;
}

/** Makes a fleet against the emulator, of one shard unless `spec` says otherwise; resolves when it is Ready. */
export async function makeFleet(
  installation: Installation,
  name: string,
  spec: object = { sharding: { maxShards: 1 } },
): Promise<TestFleet> {
  const { kubectl } = installation;
  await kubectl.apply({
    apiVersion: API_VERSION,
    kind: 'BotFleet',
    metadata: { name, namespace: OPERATOR_NAMESPACE },
    spec: { telegram: { apiRoot: `http://emulator.${OPERATOR_NAMESPACE}.svc:8081` }, ...spec },
  });
  await kubectl.run(
    ...inSystem('wait', `botfleet/${name}`, '--for=condition=Ready', '--timeout=120s'),
  );
  return {
    name,
    pod: (ordinal) => `tenantbot-${name}-${ordinal}`,
    async patch(changed) {
      const patch = ['-p', JSON.stringify({ spec: changed })];
      await kubectl.run(...inSystem('patch', 'botfleet', name, '--type=merge', ...patch));
    },
    async [Symbol.asyncDispose]() {
      await kubectl.run(
        ...inSystem('delete', 'botfleet', name, '--ignore-not-found', '--wait=false'),
      );
    },
  };
}

/** Bots that are alike. */
export interface BotCrowd {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly names: readonly string[];
  /** Beside what {@link botManifests} gives each. */
  readonly spec: object;
}

/** Makes them at Telegram and in the cluster; resolves to their ids, in the order of their names. */
export function makeBots(
  { emulator }: Installation,
  { client, namespace, names, spec }: BotCrowd,
): Promise<number[]> {
  return inParallel(names, 16, async (name) => {
    const { id, token } = await emulator.createBot();
    const [secret, bot] = botManifests({ namespace, name, token, spec });
    await client.create(SECRETS, secret);
    await client.create(TENANT_BOTS, bot);
    return id;
  });
}
