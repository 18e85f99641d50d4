import { inject } from 'vitest';
import { TENANT_BOTS } from '../../src/controller/bot/stored-bot.ts';
import { BOT_FLEETS } from '../../src/controller/fleet/stored-fleet.ts';
import type { EmulatorClient } from '../../src/emulator/control-client.ts';
import { isStatus } from '../../src/kube/api-error.ts';
import type { HttpKubeClient } from '../../src/kube/http-client.ts';
import type { KubeObject, Manifest, Resource } from '../../src/kube/resource.ts';
import { attachNode, type NodeAccess } from '../cluster/node/node-access.ts';
import { Installation, OPERATOR_NAMESPACE } from '../e2e/support/installation.ts';
import { connect } from '../kube/api-world.ts';
import { type Ran, tenantbot } from '../support/tenantbot.ts';
import type { ObjectName, OwnNamespace, Platform, StoredObject } from './platform.ts';

const SECRETS: Resource = {
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
};
const RESOURCES: readonly Resource[] = [TENANT_BOTS, BOT_FLEETS, SECRETS];

/** The operator, its pods and an emulator on a cluster. */
export class Pods implements Platform {
  readonly apiRoot = `http://emulator.${OPERATOR_NAMESPACE}.svc:8081`;
  readonly fleetNamespace = OPERATOR_NAMESPACE;
  readonly #installation: Installation;
  readonly #client: HttpKubeClient;
  /** Where the cluster is a node of ours. */
  readonly #node: NodeAccess | undefined;
  /** Origins of this machine, by those of the cluster that they lead to. */
  readonly #origins = new Map<string, Promise<Way>>();

  private constructor(
    installation: Installation,
    client: HttpKubeClient,
    node: NodeAccess | undefined,
  ) {
    this.#installation = installation;
    this.#client = client;
    this.#node = node;
  }

  static async open(): Promise<Pods> {
    const installation = await Installation.open();
    const client = await connect(installation.kubeconfig);
    const state = inject('nodeState');
    return new Pods(installation, client, state === undefined ? state : await attachNode(state));
  }

  get emulator(): EmulatorClient {
    return this.#installation.emulator;
  }

  publicUrl(fleet: string): string {
    return `http://tenantbot-${fleet}-webhook.${OPERATOR_NAMESPACE}.svc`;
  }

  namespace(): Promise<OwnNamespace> {
    return this.#installation.tenant();
  }

  async apply(manifest: Manifest): Promise<void> {
    const options = { fieldManager: 'scenarios', force: true };
    await this.#client.apply(resourceOf(manifest.kind), manifest, options);
  }

  delete({ kind, ...ref }: ObjectName): Promise<void> {
    return this.#client.delete(resourceOf(kind), ref);
  }

  async stored({ kind, ...ref }: ObjectName): Promise<StoredObject | undefined> {
    try {
      return await this.#client.get(resourceOf<KubeObject & StoredObject>(kind), ref);
    } catch (error) {
      if (isStatus(error, 404)) return undefined;
      throw error;
    }
  }

  command(namespace: string, args: readonly string[]): Promise<Ran> {
    const { kubeconfig } = this.#installation;
    return tenantbot('.', ...args, '--kubeconfig', kubeconfig, '-n', namespace);
  }

  async outside(url: string): Promise<string> {
    const { origin, pathname } = new URL(url);
    const way = this.#origins.get(origin) ?? this.#lead(new URL(origin));
    this.#origins.set(origin, way);
    return `${(await way).origin}${pathname}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const way of this.#origins.values()) await (await way).close();
    await this.#node?.close();
    await this.#client.close();
    await this.#installation[Symbol.asyncDispose]();
  }

  /** Through the Service itself on a node of ours, else to one of its pods. */
  async #lead({ hostname, port }: URL): Promise<Way> {
    const [service = '', namespace = ''] = hostname.split('.');
    const { kubectl } = this.#installation;
    if (!this.#node) {
      const forward = await kubectl.forward(namespace, `svc/${service}`, Number(port || 80));
      return { origin: forward.url, close: () => forward.close() };
    }
    const { spec } = await kubectl.get('-n', namespace, 'service', service);
    const target = { host: String(spec.clusterIP), port: Number(port || 80) };
    const local = await this.#node.relays.out(target);
    return { origin: `http://127.0.0.1:${local}`, close: async () => undefined };
  }
}

/** An origin of this machine that leads into the cluster until it is closed. */
interface Way {
  readonly origin: string;
  close(): Promise<void>;
}

function resourceOf<T extends KubeObject>(kind: string): Resource<T> {
  const found = RESOURCES.find((resource) => resource.kind === kind);
  if (!found) throw new Error(`no resource of kind ${kind}`);
  return found as Resource<T>;
}
