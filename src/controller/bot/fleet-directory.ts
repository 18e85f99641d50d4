import type { BotFleetSpec } from '../../api/bot-fleet.ts';
import { type Refusal, refusal } from '../../api/tenancy.ts';
import type { TenantBotSpec } from '../../api/tenant-bot.ts';
import type { Lister } from '../../kube/lister.ts';
import { type KubeObject, objectKey } from '../../kube/resource.ts';
import { readFleetSpec, readFleetStatus, type StoredFleet } from '../fleet/stored-fleet.ts';
import { fleetNameOf, type StoredBot } from './stored-bot.ts';

/** How the bots of a cluster are filed. */
export type BotIndex = 'fleet' | 'namespace' | 'secret';

/** The fleet that a bot names. `shards` is how many it has now. */
export type FoundFleet =
  | { readonly kind: 'found'; readonly spec: BotFleetSpec; readonly shards: number }
  | { readonly kind: 'missing' }
  /** It is there, and nobody can tell what it says. */
  | { readonly kind: 'unreadable'; readonly message: string };

export interface FleetDirectoryOptions {
  readonly fleets: Lister<StoredFleet>;
  readonly bots: Lister<StoredBot, BotIndex>;
  /** For the labels that tenancy rules go by; without it a namespace has its name alone. */
  readonly namespaces?: Lister<KubeObject>;
  /** Where BotFleets live. */
  readonly fleetNamespace: string;
}

/** The fleets as bots see them: which there are, and whom they take. */
export class FleetDirectory {
  readonly #options: FleetDirectoryOptions;
  readonly #read = new WeakMap<StoredFleet, FoundFleet>();

  constructor(options: FleetDirectoryOptions) {
    this.#options = options;
  }

  /** The fleet of that name. One that is being deleted is there no more. */
  find(name: string): FoundFleet {
    const { fleets, fleetNamespace: namespace } = this.#options;
    const fleet = fleets.get(objectKey({ namespace, name }));
    if (!fleet || fleet.metadata.deletionTimestamp !== undefined) return { kind: 'missing' };
    const known = this.#read.get(fleet);
    if (known) return known;
    const found = readFleet(fleet);
    this.#read.set(fleet, found);
    return found;
  }

  /** The names of all fleets, in order. */
  names(): string[] {
    return Array.from(this.#options.fleets.list(), ({ metadata }) => metadata.name).toSorted();
  }

  /** How many bots name the fleet. */
  size(name: string): number {
    return this.#options.bots.byIndex('fleet', name).length;
  }

  /** Why the fleet refuses the bot, if it does. */
  refusal({ tenancy }: BotFleetSpec, bot: StoredBot, spec: TenantBotSpec): Refusal | undefined {
    const { namespace = '' } = bot.metadata;
    const labels = this.#options.namespaces?.get(namespace)?.metadata.labels ?? {};
    return refusal(tenancy, {
      namespace,
      labels: { 'kubernetes.io/metadata.name': namespace, ...labels },
      botsOlderInNamespace:
        tenancy.maxBotsPerNamespace === undefined ? 0 : this.#countOlder(bot, namespace),
      forwardHosts: spec.handlers.flatMap(({ forward }) =>
        forward ? [new URL(forward.url).hostname] : [],
      ),
    });
  }

  #countOlder(bot: StoredBot, namespace: string): number {
    const fleet = fleetNameOf(bot);
    return this.#options.bots
      .byIndex('namespace', namespace)
      .filter((other) => fleetNameOf(other) === fleet && isOlder(other, bot)).length;
  }
}

function isOlder({ metadata: a }: StoredBot, { metadata: b }: StoredBot): boolean {
  if (a.deletionTimestamp !== undefined || a.uid === b.uid) return false;
  if (a.creationTimestamp !== b.creationTimestamp) return a.creationTimestamp < b.creationTimestamp;
  return a.name < b.name;
}

function readFleet(fleet: StoredFleet): FoundFleet {
  const reading = readFleetSpec(fleet);
  if (reading.kind === 'ok') {
    return { kind: 'found', spec: reading.spec, shards: readFleetStatus(fleet)?.shards ?? 0 };
  }
  const message = `The BotFleet "${fleet.metadata.name}" can't be understood. ${reading.message}`;
  return { kind: 'unreadable', message };
}
