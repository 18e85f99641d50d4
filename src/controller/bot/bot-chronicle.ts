import type { BotDirectory, KnownBot } from '../../api/bot-directory.ts';
import type { TransitionRecord } from '../../api/history-records.ts';
import type { Placement } from '../../api/tenant-bot-status.ts';
import type { Lister } from '../../kube/lister.ts';
import type { Clock } from '../../lib/clock.ts';
import { readStatus, type StoredBot } from './stored-bot.ts';

/** Who hears what a {@link BotChronicle} has to tell. */
export interface ChronicleListener {
  onTransition(record: TransitionRecord): void;
  /** The TenantBot was deleted. */
  onGone(uid: string): void;
}

/** A bot as it was last seen stored. */
interface Seen {
  readonly known: KnownBot;
  readonly placement: Placement | undefined;
}

/**
 * What the leader itself has to tell for the history: which TenantBots there are, when one is gone,
 * and where each has its place. It goes by what is stored, so that only what was written counts.
 */
export class BotChronicle implements BotDirectory {
  readonly #clock: Clock;
  readonly #listener: ChronicleListener;
  readonly #bots = new Map<string, Seen>();
  #seq = 0;

  constructor(clock: Clock, listener: ChronicleListener) {
    this.#clock = clock;
    this.#listener = listener;
  }

  /** Begins with the bots that are there; returns what ends it. */
  follow(bots: Lister<StoredBot>): () => void {
    for (const bot of bots.list()) this.#bots.set(bot.metadata.uid, see(bot));
    return bots.subscribe(({ before, after }) => {
      if (before && before.metadata.uid !== after?.metadata.uid) this.#gone(before.metadata.uid);
      if (after) this.#there(after);
    });
  }

  find(uid: string): KnownBot | undefined {
    return this.#bots.get(uid)?.known;
  }

  #gone(uid: string): void {
    this.#bots.delete(uid);
    this.#listener.onGone(uid);
  }

  #there(bot: StoredBot): void {
    const { uid } = bot.metadata;
    const from = placeOf(this.#bots.get(uid)?.placement);
    const seen = see(bot);
    this.#bots.set(uid, seen);
    const to = placeOf(seen.placement);
    if (!seen.placement || from === to) return;
    this.#listener.onTransition({
      kind: 'transition',
      uid,
      epoch: seen.placement.epoch,
      seq: this.#seq++,
      at: Math.round(this.#clock.wallMs()),
      of: 'placement',
      ...(from !== undefined && { from }),
      to: to ?? 'none',
    });
  }
}

function see(bot: StoredBot): Seen {
  const { namespace = '', name } = bot.metadata;
  const status = readStatus(bot);
  const found = status?.bot && { botId: status.bot.id, username: status.bot.username };
  return { known: { namespace, name, ...found }, placement: status?.placement };
}

/** The shard that runs the bot; undefined where none does. */
function placeOf(placement: Placement | undefined): string | undefined {
  return placement?.botId === undefined ? undefined : `${placement.fleet}/${placement.shard}`;
}
