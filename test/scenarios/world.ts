import type { TenantBotStatus } from '../../src/api/tenant-bot-status.ts';
import type { EmulatorClient, MadeBot } from '../../src/emulator/control-client.ts';
import type { Ran } from '../support/tenantbot.ts';

/**
 * Where scenarios take place: bots on an emulator, run by a standalone or by an operator in pods.
 * A scenario can't tell which.
 */
export interface ScenarioWorld extends AsyncDisposable {
  readonly emulator: EmulatorClient;
  /** Makes a bot at Telegram, its Secret and its TenantBot; `/start` is answered unless `spec` says otherwise. */
  makeBot(name: string, spec?: object): Promise<MadeBot>;
  /** Gives the TenantBot another spec, as {@link makeBot} reads it. */
  setSpec(name: string, spec: object): Promise<void>;
  /** Puts another token into the bot's Secret. */
  setToken(name: string, token: string): Promise<void>;
  /** As it is stored now; empty before the first. */
  status(name: string): Promise<TenantBotStatus>;
  /** Runs `tenantbot` so that it asks this world; a bot's name is understood as it stands. */
  command(...args: readonly string[]): Promise<Ran>;
}

/** How long things may take in either world. */
export const PATIENCE_MS = 60_000;
