import type { TenantBotStatus } from '../../src/api/tenant-bot-status.ts';
import type { EmulatorClient, MadeBot } from '../../src/emulator/control-client.ts';
import type { Ran } from '../support/tenantbot.ts';
import { waitFor } from '../support/wait.ts';
import { botManifest, fleetManifest, secretManifest } from './manifests.ts';
import type { OwnNamespace, Platform } from './platform.ts';

/** How long things may take, wherever bots run: in pods, numbers in a status may be a minute old. */
export const PATIENCE_MS = 120_000;
/**
 * The fleet of all who have none of their own. Two shards, so that webhooks are passed on; bots come
 * and go all the time, and one whose calls fail can't go on elsewhere before they don't.
 */
const SHARED = {
  name: 'behave',
  spec: { sharding: { minShards: 2, maxShards: 2, movesPerMinute: 1 } },
};

interface BotApiAnswer {
  readonly ok: boolean;
  readonly result?: unknown;
  readonly description?: string;
}

/**
 * What one scenario sees: a namespace of its own, in which it makes bots, on an emulator. It can't
 * tell what runs them, and nobody else's bots are in its way.
 */
export class ScenarioWorld implements AsyncDisposable {
  readonly #platform: Platform;
  readonly #namespace: OwnNamespace;
  #fleet = SHARED.name;

  private constructor(platform: Platform, namespace: OwnNamespace) {
    this.#platform = platform;
    this.#namespace = namespace;
  }

  /** Makes on `platform` what all scenarios share. */
  static prepare(platform: Platform): Promise<void> {
    return applyFleet(platform, SHARED.name, SHARED.spec);
  }

  static async open(platform: Platform): Promise<ScenarioWorld> {
    return new ScenarioWorld(platform, await platform.namespace());
  }

  get emulator(): EmulatorClient {
    return this.#platform.emulator;
  }

  /** A username that no other scenario uses. */
  unique(name: string): string {
    return `${name}_${this.#namespace.name.replaceAll('-', '_')}`;
  }

  /** Makes a bot at Telegram, its Secret and its TenantBot; `/start` is answered unless `spec` says otherwise. */
  async makeBot(name: string, spec: object = {}): Promise<MadeBot> {
    const made = await this.emulator.createBot();
    await this.setToken(name, made.token);
    await this.setSpec(name, spec);
    return made;
  }

  /** Gives the TenantBot another spec, as {@link makeBot} reads it; rejects in words where it is refused. */
  setSpec(name: string, spec: object): Promise<void> {
    return this.#platform.apply(botManifest(this.#named(name), this.#fleet, spec));
  }

  /** Puts another token into the bot's Secret. */
  setToken(name: string, token: string): Promise<void> {
    return this.#platform.apply(secretManifest(this.#named(name), token));
  }

  /**
   * Gives this world a fleet of its own, or that another spec; rejects in words where it is refused.
   * All bots made from then on are of that fleet.
   */
  async setFleet(spec: object = {}): Promise<void> {
    await applyFleet(this.#platform, this.#namespace.name, spec);
    this.#fleet = this.#namespace.name;
  }

  /** What is said of the newest spec; empty before anything is. */
  async status(name: string): Promise<TenantBotStatus> {
    const stored = await this.#platform.stored({ kind: 'TenantBot', ...this.#named(name) });
    const status = (stored?.status ?? {}) as TenantBotStatus;
    return status.observedGeneration === stored?.metadata.generation ? status : {};
  }

  /** Runs `tenantbot`; names are those of this world's bots. */
  command(...args: readonly string[]): Promise<Ran> {
    return this.#platform.command(this.#namespace.name, args);
  }

  /** Calls the Bot API as somebody who has the token, too; rejects with what Telegram refuses. */
  async call(token: string, method: string, parameters: object = {}): Promise<unknown> {
    const url = await this.#platform.outside(`${this.#platform.apiRoot}/bot${token}/${method}`);
    const body = JSON.stringify(parameters);
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(url, { method: 'POST', headers, body });
    const { ok, result, description } = (await answer.json()) as BotApiAnswer;
    if (!ok) throw new Error(`${method}: ${description}`);
    return result;
  }

  /** Where this process reaches what Telegram reaches at `url`. */
  outside(url: string): Promise<string> {
    return this.#platform.outside(url);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#namespace[Symbol.asyncDispose]();
    if (this.#fleet === SHARED.name) return;
    const { fleetNamespace: namespace } = this.#platform;
    await this.#platform.delete({ kind: 'BotFleet', namespace, name: this.#fleet });
  }

  #named(name: string): { namespace: string; name: string } {
    return { namespace: this.#namespace.name, name };
  }
}

/** Resolves when the fleet is at work by that spec. */
async function applyFleet(platform: Platform, name: string, spec: object): Promise<void> {
  const { apiRoot, fleetNamespace: namespace } = platform;
  const usual = { telegram: { apiRoot }, webhook: { publicUrl: platform.publicUrl(name) } };
  await platform.apply(fleetManifest({ namespace, name }, { ...usual, ...spec }));
  const isReady = async (): Promise<boolean> => {
    const stored = await platform.stored({ kind: 'BotFleet', namespace, name });
    const { conditions = [] } = (stored?.status ?? {}) as Pick<TenantBotStatus, 'conditions'>;
    return conditions.some(
      ({ type, status, observedGeneration }) =>
        type === 'Ready' && status === 'True' && observedGeneration === stored?.metadata.generation,
    );
  };
  await waitFor(`the fleet ${name}`, isReady, { timeoutMs: PATIENCE_MS, intervalMs: 200 });
}
