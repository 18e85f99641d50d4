import { isDeepStrictEqual } from 'node:util';
import type { BotKey } from '../../api/group.ts';
import type { Lister } from '../../kube/lister.ts';
import type { KubeObject, ObjectKey } from '../../kube/resource.ts';
import type { StoredFleet } from '../fleet/stored-fleet.ts';
import type { SecretReader } from '../secrets/secret-reader.ts';
import type { BotIndex } from './fleet-directory.ts';
import { botKeyOf, fleetNameOf, type StoredBot } from './stored-bot.ts';

/** What bots depend on. */
export interface WatchedSources {
  readonly bots: Lister<StoredBot, BotIndex>;
  readonly fleets: Lister<StoredFleet>;
  readonly namespaces?: Lister<KubeObject>;
  readonly pods?: Lister<KubeObject>;
  readonly secrets: Pick<SecretReader, 'subscribe'>;
}

/** Who is to hear. */
export interface WatchHandlers {
  readonly wake: (key: BotKey) => void;
  /** Whether the leader itself has made this version of the bot. */
  readonly isOwnWrite: (bot: StoredBot) => boolean;
  /** A bot has left the fleet, or is on its way out. */
  readonly onFewerBots: (fleet: string) => void;
  /** A fleet or one of its pods has changed. */
  readonly onFleet: () => void;
}

/**
 * Has bots looked at again whenever something changes that they depend on, until the returned
 * function is called.
 */
export function watchSources(sources: WatchedSources, handlers: WatchHandlers): () => void {
  const { bots, fleets, namespaces, pods, secrets } = sources;
  const { wake } = handlers;
  const wakeAll = (index: BotIndex, value: string): void => {
    for (const bot of bots.byIndex(index, value)) wake(botKeyOf(bot));
  };
  const ends = [
    bots.subscribe(({ key, before, after }) => {
      if (after && handlers.isOwnWrite(after)) return;
      wake(key as BotKey);
      if (before && (!after || isLeaving(before, after))) handlers.onFewerBots(fleetNameOf(before));
    }),
    fleets.subscribe(({ before, after }) => {
      handlers.onFleet();
      const name = (after ?? before)?.metadata.name;
      if (name !== undefined && !sameFleet(before, after)) wakeAll('fleet', name);
    }),
    namespaces?.subscribe(({ key, before, after }) => {
      if (!isDeepStrictEqual(before?.metadata.labels, after?.metadata.labels)) {
        wakeAll('namespace', key);
      }
    }),
    pods?.subscribe(() => handlers.onFleet()),
    secrets.subscribe((key: ObjectKey) => wakeAll('secret', key)),
  ];
  return () => {
    for (const end of ends) end?.();
  };
}

function isLeaving(before: StoredBot, after: StoredBot): boolean {
  const isDeleted = after.metadata.deletionTimestamp !== undefined;
  const wasDeleted = before.metadata.deletionTimestamp !== undefined;
  return (isDeleted && !wasDeleted) || fleetNameOf(before) !== fleetNameOf(after);
}

/** Status aside, which changes whenever bots do. */
function sameFleet(before: StoredFleet | undefined, after: StoredFleet | undefined): boolean {
  return (
    before?.metadata.uid === after?.metadata.uid &&
    before?.metadata.generation === after?.metadata.generation &&
    before?.metadata.deletionTimestamp === after?.metadata.deletionTimestamp
  );
}
