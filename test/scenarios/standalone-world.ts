import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TenantBotStatus } from '../../src/api/tenant-bot-status.ts';
import { LocalClient } from '../../src/cli/local-client.ts';
import { EmulatorClient, type MadeBot } from '../../src/emulator/control-client.ts';
import { readEndpoint } from '../../src/standalone/data/endpoint-file.ts';
import { freePort } from '../cluster/free-port.ts';
import type { EmulatorAddresses } from '../support/emulator-program.ts';
import { type Program, startProgram, startScript } from '../support/program.ts';
import { type Ran, TENANTBOT, tenantbot } from '../support/tenantbot.ts';
import { botManifest, fleetManifest, secretManifest } from './manifests.ts';
import type { ScenarioWorld } from './world.ts';

const NAMESPACE = 'default';

/** A standalone and an emulator, each a process of its own. */
export class StandaloneWorld implements ScenarioWorld {
  readonly emulator: EmulatorClient;
  readonly #folder: string;
  readonly #programs: readonly Program[];

  private constructor(folder: string, emulator: EmulatorClient, programs: readonly Program[]) {
    this.#folder = folder;
    this.emulator = emulator;
    this.#programs = programs;
  }

  static async open(): Promise<StandaloneWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'tenantbot-scenarios-'));
    await mkdir(join(folder, 'bots'));
    const emulator = await startScript(join(import.meta.dirname, '../support/emulator-program.ts'));
    const { apiRoot, controlUrl } = await emulator.ask<EmulatorAddresses>('addresses');
    const port = await freePort();
    const publicUrl = `http://127.0.0.1:${port}`;
    await writeManifest(folder, 'fleet', fleetManifest(NAMESPACE, { apiRoot, publicUrl }));
    const flags = ['--manifests', 'bots', '--api-root', 'fleet', '--webhook-port', String(port)];
    const program = await startProgram([process.execPath, TENANTBOT, 'standalone', ...flags], {
      cwd: folder,
      until: /^ready/m,
    });
    return new StandaloneWorld(folder, new EmulatorClient(controlUrl), [program, emulator]);
  }

  async makeBot(name: string, spec: object = {}): Promise<MadeBot> {
    const made = await this.emulator.createBot();
    await this.setToken(name, made.token);
    await this.setSpec(name, spec);
    return made;
  }

  setSpec(name: string, spec: object): Promise<void> {
    return writeManifest(this.#folder, name, botManifest({ namespace: NAMESPACE, name }, spec));
  }

  setToken(name: string, token: string): Promise<void> {
    const secret = secretManifest({ namespace: NAMESPACE, name }, token);
    return writeManifest(this.#folder, `${name}-secret`, secret);
  }

  async status(name: string): Promise<TenantBotStatus> {
    const data = join(this.#folder, '.tenantbot');
    const client = new LocalClient(await readEndpoint(data), data);
    const bots = await client.list({ plural: 'tenantbots', namespace: NAMESPACE });
    const bot = bots.find(({ metadata }) => metadata.name === name);
    return bot?.status ?? {};
  }

  command(...args: readonly string[]): Promise<Ran> {
    return tenantbot(this.#folder, ...args);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#programs) await program.stop('SIGKILL');
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Appears whole, as an editor's own writing does. */
async function writeManifest(folder: string, name: string, manifest: object): Promise<void> {
  const path = join(folder, 'bots', `${name}.yaml`);
  await writeFile(`${path}.new`, JSON.stringify(manifest));
  await rename(`${path}.new`, path);
}
