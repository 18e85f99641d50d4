import { beforeAll, expect } from 'vitest';
import { HttpKubeClient, type HttpKubeClientOptions } from '../../src/kube/http-client.ts';
import { loadClusterAccess } from '../../src/kube/kubeconfig.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { systemRandom } from '../../src/lib/random.ts';
import { makeNamespace } from '../cluster/namespace.ts';

/** A client of the API server at `kubeconfig`. Must be closed. */
export async function connect(
  kubeconfig: string,
  options: Partial<HttpKubeClientOptions> = {},
): Promise<HttpKubeClient> {
  const access = await loadClusterAccess(kubeconfig);
  return new HttpKubeClient({
    access,
    clock: systemClock,
    random: systemRandom,
    userAgent: 'tenantbot-tests',
    ...options,
  });
}

/** What a suite of tests against the real API server starts from. */
export interface ApiWorld {
  readonly client: HttpKubeClient;
  /** A namespace of the suite's own. */
  readonly namespace: string;
}

/** Gives the suite a client and a namespace, both gone after it. To be read within tests only. */
export function apiWorld(kubeconfig: string): ApiWorld {
  let world: ApiWorld | undefined;
  beforeAll(async () => {
    const client = await connect(kubeconfig);
    const namespace = await makeNamespace(kubeconfig);
    world = { client, namespace: namespace.name };
    return async () => {
      await namespace[Symbol.asyncDispose]();
      await client.close();
    };
  });
  const current = (): ApiWorld => world ?? expect.unreachable('read before the suite began');
  return {
    get client() {
      return current().client;
    },
    get namespace() {
      return current().namespace;
    },
  };
}
