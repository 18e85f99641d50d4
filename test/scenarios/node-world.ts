import type { TenantBotStatus } from '../../src/api/tenant-bot-status.ts';
import type { EmulatorClient, MadeBot } from '../../src/emulator/control-client.ts';
import type { TestNamespace } from '../cluster/namespace.ts';
import { Installation, inSystem, OPERATOR_NAMESPACE } from '../e2e/support/installation.ts';
import { type Ran, tenantbot } from '../support/tenantbot.ts';
import { botManifest, FLEET, fleetManifest, secretManifest } from './manifests.ts';
import type { ScenarioWorld } from './world.ts';

/** The operator, a fleet of pods and the emulator, on a real node. */
export class NodeWorld implements ScenarioWorld {
  readonly #installation: Installation;
  readonly #tenant: TestNamespace;

  private constructor(installation: Installation, tenant: TestNamespace) {
    this.#installation = installation;
    this.#tenant = tenant;
  }

  static async open(): Promise<NodeWorld> {
    const installation = await Installation.open();
    const { kubectl } = installation;
    const apiRoot = `http://emulator.${OPERATOR_NAMESPACE}.svc:8081`;
    const publicUrl = `http://tenantbot-${FLEET}-webhook.${OPERATOR_NAMESPACE}.svc`;
    await kubectl.apply([fleetManifest(OPERATOR_NAMESPACE, { apiRoot, publicUrl })]);
    const wait = ['wait', `botfleet/${FLEET}`, '--for=condition=Ready', '--timeout=120s'];
    await kubectl.run(...inSystem(...wait));
    return new NodeWorld(installation, await installation.tenant());
  }

  get emulator(): EmulatorClient {
    return this.#installation.emulator;
  }

  async makeBot(name: string, spec: object = {}): Promise<MadeBot> {
    const made = await this.emulator.createBot();
    await this.setToken(name, made.token);
    await this.setSpec(name, spec);
    return made;
  }

  async setSpec(name: string, spec: object): Promise<void> {
    const metadata = { namespace: this.#tenant.name, name };
    await this.#installation.kubectl.apply([botManifest(metadata, spec)]);
  }

  async setToken(name: string, token: string): Promise<void> {
    const metadata = { namespace: this.#tenant.name, name };
    await this.#installation.kubectl.apply([secretManifest(metadata, token)]);
  }

  async status(name: string): Promise<TenantBotStatus> {
    const { status = {} } = await this.#installation.bot(this.#tenant.name, name);
    return status as TenantBotStatus;
  }

  command(...args: readonly string[]): Promise<Ran> {
    const where = ['--kubeconfig', this.#installation.kubeconfig, '-n', this.#tenant.name];
    return tenantbot('.', ...args, ...where);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tenant[Symbol.asyncDispose]();
    await this.#installation.kubectl.run(...inSystem('delete', 'botfleet', FLEET, '--wait=false'));
    await this.#installation[Symbol.asyncDispose]();
  }
}
