import type { EmulatorClient } from '../../src/emulator/control-client.ts';
import type { Manifest } from '../../src/kube/resource.ts';
import type { Ran } from '../support/tenantbot.ts';

/** An object as whoever stores it shows it. */
export interface StoredObject {
  readonly metadata: { readonly generation?: number };
  readonly status?: unknown;
}

/** Which object. */
export interface ObjectName {
  readonly kind: 'TenantBot' | 'BotFleet';
  readonly namespace: string;
  readonly name: string;
}

/** A namespace that nobody else has; leaving it begins to delete what is in it. */
export interface OwnNamespace extends AsyncDisposable {
  readonly name: string;
}

/** What runs bots on an emulator: a standalone, or an operator with pods. All that differs is here. */
export interface Platform extends AsyncDisposable {
  readonly emulator: EmulatorClient;
  /** The Bot API, as bots reach it. */
  readonly apiRoot: string;
  /** Where fleets live. */
  readonly fleetNamespace: string;
  /** Where Telegram reaches the webhooks of a fleet. */
  publicUrl(fleet: string): string;
  namespace(): Promise<OwnNamespace>;
  /** Resolves when the object is stored as it is now; rejects with the words of whoever refuses it. */
  apply(manifest: Manifest): Promise<void>;
  /** Begins to delete the object. */
  delete(object: ObjectName): Promise<void>;
  /** Undefined where there is none. */
  stored(object: ObjectName): Promise<StoredObject | undefined>;
  /** Runs `tenantbot` so that it asks this platform, about a namespace. */
  command(namespace: string, args: readonly string[]): Promise<Ran>;
  /** Where this process reaches what Telegram, or a bot, reaches at `url`. */
  outside(url: string): Promise<string>;
}
