import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { TENANT_BOTS } from '../../../src/controller/bot/stored-bot.ts';
import { CONTROL_AUDIENCE } from '../../../src/controller/channel/shard-authenticator.ts';
import { BOT_FLEETS, readFleetStatus } from '../../../src/controller/fleet/stored-fleet.ts';
import { fleetObjectName } from '../../../src/controller/names.ts';
import { EmulatorClient, type MadeBot } from '../../../src/emulator/control-client.ts';
import type { HttpKubeClient } from '../../../src/kube/http-client.ts';
import type { KubeObject } from '../../../src/kube/resource.ts';
import { CONFIG_MAPS, PODS, SECRETS } from '../../../src/kube/well-known.ts';
import { freePort } from '../../../src/lib/free-port.ts';
import type { ControlPlane } from '../../cluster/control-plane.ts';
import { makeNamespace } from '../../cluster/namespace.ts';
import { rawApi } from '../../cluster/raw-api.ts';
import { connect } from '../../kube/api-world.ts';
import type { EmulatorAddresses } from '../../support/emulator-program.ts';
import { startProgram, startScript } from '../../support/program.ts';
import { TENANTBOT } from '../../support/tenantbot.ts';
import { waitFor } from '../../support/wait.ts';

const API_VERSION = 'tenantbot.dev/v1alpha1';
const FLEET = 'default';
const SERVICE = 'tenantbot-control';
const EMULATOR = join(import.meta.dirname, '../../support/emulator-program.ts');
const CLUSTER_NAMES = pathToFileURL(join(import.meta.dirname, 'cluster-names.ts')).href;
const PATIENCE_MS = 1_800_000;
/** Objects that are made side by side. */
const MAKERS = 16;

/** What is put on stage. */
export interface StageOptions {
  readonly controlPlane: ControlPlane;
  /** For files; gone after the run. */
  readonly folder: string;
  readonly bots: number;
  readonly shards: number;
  readonly say: (words: string) => void;
}

/**
 * An operator and the runtimes of a fleet as the programs that they are, each in a process of its
 * own, before a real API server and an emulator. What a node would do is done for it: pods are
 * called ready, and their processes are started with tokens that are bound to them.
 */
export class EffectStage implements AsyncDisposable {
  readonly client: HttpKubeClient;
  readonly namespace: string;
  readonly emulator: EmulatorClient;
  /** In the order of their names: `bot-0`, `bot-1`. */
  readonly bots: readonly MadeBot[];
  readonly #stack: AsyncDisposableStack;

  private constructor(
    parts: Pick<EffectStage, 'client' | 'namespace' | 'emulator' | 'bots'>,
    stack: AsyncDisposableStack,
  ) {
    this.client = parts.client;
    this.namespace = parts.namespace;
    this.emulator = parts.emulator;
    this.bots = parts.bots;
    this.#stack = stack;
  }

  /** Resolves when all bots run. */
  static async open(options: StageOptions): Promise<EffectStage> {
    const { controlPlane, folder, say } = options;
    const { kubeconfigPath } = controlPlane;
    await using stack = new AsyncDisposableStack();
    const { name: namespace } = stack.use(await makeNamespace(kubeconfigPath));
    const access = { userAgent: 'kubectl', rate: { perSecond: 2_000, burst: 2_000 } };
    const client = stack.adopt(await connect(kubeconfigPath, access), (each) => each.close());
    const telegram = stack.use(await startScript(EMULATOR));
    const { apiRoot, controlUrl } = await telegram.ask<EmulatorAddresses>('addresses');
    const emulator = new EmulatorClient(controlUrl);
    say(`${options.bots} bots are made …`);
    const bots = await makeBots({ client, namespace, emulator }, options.bots);
    await makeFleet(client, { namespace, apiRoot, ...options });

    const controlPort = await freePort();
    stack.use(await startOperator({ kubeconfig: kubeconfigPath, namespace, controlPort }));
    const caFile = join(folder, 'control-ca.crt');
    await writeFile(caFile, await certificates(client, namespace));
    for (let ordinal = 0; ordinal < options.shards; ordinal++) {
      const pod = await readyPod(client, namespace, `${fleetObjectName(FLEET)}-${ordinal}`);
      const tokenFile = join(folder, `${pod.metadata.name}.token`);
      await writeFile(tokenFile, await boundToken(kubeconfigPath, pod));
      const control = `https://${SERVICE}.${namespace}.svc:${controlPort}`;
      stack.use(
        await startProgram(
          [
            process.execPath,
            `--import=${CLUSTER_NAMES}`,
            TENANTBOT,
            'runtime',
            `--control-url=${control}`,
            `--control-ca=${caFile}`,
            `--control-token=${tokenFile}`,
            '--health-port=0',
            '--log-level=warn',
          ],
          {},
        ),
      );
    }
    say('they are placed and started …');
    await waitFor(
      'all bots to run',
      async () => {
        const fleet = await client.get(BOT_FLEETS, { namespace, name: FLEET });
        const { readyBots = 0 } = readFleetStatus(fleet) ?? {};
        say(`${readyBots} run …`);
        return readyBots === options.bots;
      },
      { timeoutMs: PATIENCE_MS, intervalMs: 10_000 },
    );
    return new EffectStage({ client, namespace, emulator, bots }, stack.move());
  }

  /** Has the bot answer with `text` from now on; resolves when the API server has taken it. */
  async change(bot: number, text: string): Promise<void> {
    const ref = { namespace: this.namespace, name: `bot-${bot}` };
    await this.client.mergePatch(TENANT_BOTS, ref, { spec: spec(ref.name, text) });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

function spec(name: string, text: string): object {
  return {
    tokenSecretRef: { name },
    handlers: [{ command: { name: 'start', reply: { text } } }],
  };
}

async function makeBots(
  world: {
    readonly client: HttpKubeClient;
    readonly namespace: string;
    readonly emulator: EmulatorClient;
  },
  count: number,
): Promise<MadeBot[]> {
  const { client, namespace, emulator } = world;
  const made: MadeBot[] = [];
  let next = 0;
  const maker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) {
      const metadata = { namespace, name: `bot-${index}` };
      const bot = await emulator.createBot({ username: `effect_${index}_bot` });
      made[index] = bot;
      await client.create(SECRETS, {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata,
        stringData: { token: bot.token },
      });
      await client.create(TENANT_BOTS, {
        apiVersion: API_VERSION,
        kind: 'TenantBot',
        metadata,
        spec: spec(metadata.name, 'as at first'),
      });
    }
  };
  await Promise.all(Array.from({ length: MAKERS }, maker));
  return made;
}

async function makeFleet(
  client: HttpKubeClient,
  options: {
    readonly namespace: string;
    readonly apiRoot: string;
    readonly bots: number;
    readonly shards: number;
  },
): Promise<void> {
  const { namespace, apiRoot, bots, shards } = options;
  await client.create(BOT_FLEETS, {
    apiVersion: API_VERSION,
    kind: 'BotFleet',
    metadata: { namespace, name: FLEET },
    spec: {
      telegram: { apiRoot },
      sharding: { botsPerShard: Math.ceil(bots / shards), minShards: shards, maxShards: shards },
    },
  });
}

/**
 * With the rates that the chart gives it. Nobody restarts it here: its lease lasts as on a slow API
 * server, which does not matter for as long as it leads.
 */
function startOperator(options: {
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly controlPort: number;
}): ReturnType<typeof startProgram> {
  const { kubeconfig, namespace, controlPort } = options;
  return startProgram(
    [
      process.execPath,
      TENANTBOT,
      'operator',
      `--kubeconfig=${kubeconfig}`,
      `--namespace=${namespace}`,
      `--watch-namespaces=${namespace}`,
      '--pod-name=operator-0',
      '--image=none',
      `--control-service=${SERVICE}`,
      `--control-port=${controlPort}`,
      '--health-port=0',
      '--lease-seconds=15',
      '--renew-seconds=10',
      '--retry-seconds=2',
    ],
    { until: /became leader/, timeoutMs: PATIENCE_MS },
  );
}

/** The certificates that runtimes check the leader against, as the fleet's pods get them. */
function certificates(client: HttpKubeClient, namespace: string): Promise<string> {
  return waitFor(
    'the certificates of the control channel',
    async () => {
      const { items } = await client.list(CONFIG_MAPS, { namespace });
      const map = items.find(({ metadata }) => metadata.name === fleetObjectName(FLEET));
      return map?.data?.['ca.crt'];
    },
    { timeoutMs: PATIENCE_MS },
  );
}

/** The pod that the StatefulSet controller makes, called ready as by its kubelet. */
async function readyPod(
  client: HttpKubeClient,
  namespace: string,
  name: string,
): Promise<KubeObject> {
  const ref = { namespace, name };
  const pod = await waitFor(`pod ${name}`, () => client.get(PODS, ref).catch(() => undefined), {
    timeoutMs: PATIENCE_MS,
  });
  const conditions = [{ type: 'Ready', status: 'True' }];
  const status = { phase: 'Running', conditions };
  await client.mergePatch(PODS, ref, { status }, { subresource: 'status' });
  return pod;
}

/** What the kubelet would lay into the pod. */
async function boundToken(kubeconfig: string, { metadata }: KubeObject): Promise<string> {
  const { namespace, name, uid } = metadata;
  const { status, body } = await rawApi(kubeconfig, {
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/${fleetObjectName(FLEET)}/token`,
    body: {
      spec: {
        audiences: [CONTROL_AUDIENCE],
        expirationSeconds: 3_600,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
      },
    },
  });
  if (status !== 201) throw new Error(`no token for ${name}: ${JSON.stringify(body)}`);
  return (body as { readonly status: { readonly token: string } }).status.token;
}
