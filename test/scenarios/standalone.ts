import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalClient } from '../../src/cli/local-client.ts';
import { EmulatorClient } from '../../src/emulator/control-client.ts';
import type { Manifest } from '../../src/kube/resource.ts';
import { freePort } from '../../src/lib/free-port.ts';
import { readEndpoint } from '../../src/standalone/data/endpoint-file.ts';
import type { EmulatorAddresses } from '../support/emulator-program.ts';
import { type Program, startProgram, startScript } from '../support/program.ts';
import { type Ran, TENANTBOT, tenantbot } from '../support/tenantbot.ts';
import { waitFor } from '../support/wait.ts';
import type { ObjectName, OwnNamespace, Platform, StoredObject } from './platform.ts';
import { PATIENCE_MS } from './world.ts';

const PLURALS = { TenantBot: 'tenantbots', BotFleet: 'botfleets' } as const;

/** A standalone and an emulator, each a process of its own; manifests are files. */
export class Standalone implements Platform {
  readonly emulator: EmulatorClient;
  readonly apiRoot: string;
  readonly fleetNamespace = 'default';
  readonly #folder: string;
  readonly #webhookPort: number;
  readonly #programs: readonly Program[];
  #namespaces = 0;

  private constructor(
    addresses: EmulatorAddresses,
    parts: {
      readonly folder: string;
      readonly webhookPort: number;
      readonly programs: readonly Program[];
    },
  ) {
    this.apiRoot = addresses.apiRoot;
    this.emulator = new EmulatorClient(addresses.controlUrl);
    this.#folder = parts.folder;
    this.#webhookPort = parts.webhookPort;
    this.#programs = parts.programs;
  }

  static async open(): Promise<Standalone> {
    const folder = await mkdtemp(join(tmpdir(), 'tenantbot-scenarios-'));
    await mkdir(join(folder, 'manifests'));
    const emulator = await startScript(join(import.meta.dirname, '../support/emulator-program.ts'));
    const addresses = await emulator.ask<EmulatorAddresses>('addresses');
    const webhookPort = await freePort();
    const flags = ['--manifests=manifests', '--api-root=fleet', `--webhook-port=${webhookPort}`];
    const program = await startProgram([process.execPath, TENANTBOT, 'standalone', ...flags], {
      cwd: folder,
      until: /^ready/m,
      timeoutMs: PATIENCE_MS,
    });
    return new Standalone(addresses, { folder, webhookPort, programs: [program, emulator] });
  }

  publicUrl(): string {
    return `http://127.0.0.1:${this.#webhookPort}`;
  }

  async namespace(): Promise<OwnNamespace> {
    const name = `scene-${++this.#namespaces}`;
    const folder = join(this.#folder, 'manifests', name);
    await mkdir(folder);
    return {
      name,
      [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
    };
  }

  async apply(manifest: Manifest): Promise<void> {
    const { namespace = '', name = '' } = manifest.metadata;
    const kind = manifest.kind as ObjectName['kind'] | 'Secret';
    const path = this.#file({ kind, namespace, name });
    const before = await readFile(path, 'utf8').catch(() => undefined);
    const text = JSON.stringify(manifest);
    if (text === before) return;
    const since = kind === 'Secret' ? undefined : await this.stored({ kind, namespace, name });
    await writeWhole(path, text);
    if (kind === 'Secret') return;
    const look = async () => {
      const message = await this.#problemOf(`${kind}/${namespace}/${name}`);
      if (message !== undefined) return { message };
      const now = await this.stored({ kind, namespace, name });
      return now && now.metadata.generation !== since?.metadata.generation && 'stored';
    };
    const outcome = await waitFor(`${kind} ${name} to be read`, look, { timeoutMs: PATIENCE_MS });
    if (outcome === 'stored') return;
    if (before === undefined) await rm(path);
    else await writeWhole(path, before);
    throw new Error(outcome.message);
  }

  delete(object: ObjectName): Promise<void> {
    return rm(this.#file(object));
  }

  async stored({ kind, namespace, name }: ObjectName): Promise<StoredObject | undefined> {
    const client = await this.#client();
    const objects = await client.list({ plural: PLURALS[kind], namespace });
    return objects.find(({ metadata }) => metadata.name === name);
  }

  command(namespace: string, args: readonly string[]): Promise<Ran> {
    return tenantbot(this.#folder, ...args, '-n', namespace);
  }

  async outside(url: string): Promise<string> {
    return url;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#programs) await program.stop('SIGKILL');
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #client(): Promise<LocalClient> {
    const data = join(this.#folder, '.tenantbot');
    return new LocalClient(await readEndpoint(data), data);
  }

  async #problemOf(object: string): Promise<string | undefined> {
    const problems = await (await this.#client()).problems();
    return problems.find((problem) => problem.object === object)?.message;
  }

  #file({ kind, namespace, name }: { kind: string; namespace: string; name: string }): string {
    const folder = namespace === this.fleetNamespace ? '' : namespace;
    return join(this.#folder, 'manifests', folder, `${kind}-${name}.yaml`);
  }
}

/** Appears whole, as an editor's own writing does. */
async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}
