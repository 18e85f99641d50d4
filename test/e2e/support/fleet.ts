import { API_VERSION } from '../../../src/api/group.ts';
import { type Installation, inSystem, OPERATOR_NAMESPACE } from './installation.ts';

/** A fleet of one test's own. Leaving an `await using` deletes it. */
export interface TestFleet extends AsyncDisposable {
  readonly name: string;
  /** The pod of its only shard. */
  readonly pod: string;
}

/** Makes a fleet of one shard against the emulator, and resolves when it is Ready. */
export async function makeFleet(installation: Installation, name: string): Promise<TestFleet> {
  const { kubectl } = installation;
  await kubectl.apply({
    apiVersion: API_VERSION,
    kind: 'BotFleet',
    metadata: { name, namespace: OPERATOR_NAMESPACE },
    spec: {
      sharding: { maxShards: 1 },
      telegram: { apiRoot: `http://emulator.${OPERATOR_NAMESPACE}.svc:8081` },
    },
  });
  await kubectl.run(
    ...inSystem('wait', `botfleet/${name}`, '--for=condition=Ready', '--timeout=60s'),
  );
  return {
    name,
    pod: `tenantbot-${name}-0`,
    async [Symbol.asyncDispose]() {
      await kubectl.run(
        ...inSystem('delete', 'botfleet', name, '--ignore-not-found', '--wait=false'),
      );
    },
  };
}
