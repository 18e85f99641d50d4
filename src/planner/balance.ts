import type { Move, PlannedBot } from './fleet-state.ts';
import { lightest, take, type WorkingShard } from './shard-loads.ts';

/**
 * Moves from the heaviest shard to the lightest, one after the other, until no two differ by more
 * than `tolerated`. Each makes the two less unequal by as much as one bot can; of bots that do so
 * alike the youngest goes. With bots of one weight no other choice of moves gets there with fewer.
 *
 * It ends: a move takes a weight `w` over a gap `g > w`, and lessens the sum of the squares of all
 * loads by `2w(g − w)`.
 */
export function balance(shards: readonly WorkingShard[], tolerated: number): Move[] {
  const shelves = new Map(shards.map((shard) => [shard, shelve(shard.bots)]));
  const moves: Move[] = [];
  while (shelves.size > 0) {
    const to = lightest(shards);
    const from = heaviest(shelves.keys());
    if (!to || !from || from.load - to.load <= tolerated) break;
    const bot = takeBest(shelves.get(from) ?? new Map(), from.load - to.load);
    if (!bot) {
      // All of its bots weigh more than the gap, which only ever gets smaller.
      shelves.delete(from);
      continue;
    }
    from.load -= bot.weight;
    take(to, bot);
    moves.push({ uid: bot.uid, from: from.ordinal, to: to.ordinal, reason: 'balance' });
  }
  return moves;
}

/** By weight, oldest first. */
type Shelf = Map<number, PlannedBot[]>;

function shelve(bots: readonly PlannedBot[]): Shelf {
  const shelf: Shelf = new Map();
  for (const bot of bots) {
    const same = shelf.get(bot.weight);
    if (same) same.push(bot);
    else shelf.set(bot.weight, [bot]);
  }
  return shelf;
}

function heaviest(shards: Iterable<WorkingShard>): WorkingShard | undefined {
  let most: WorkingShard | undefined;
  for (const shard of shards) if (!most || shard.load > most.load) most = shard;
  return most;
}

/** Takes the bot out whose move over `gap` evens it out the most, if any does; a light one first. */
function takeBest(shelf: Shelf, gap: number): PlannedBot | undefined {
  let best = { weight: 0, gain: 0 };
  for (const [weight, bots] of shelf) {
    const gain = bots.length === 0 ? 0 : Math.min(weight, gap - weight);
    const isBetter = gain > best.gain || (gain === best.gain && weight < best.weight);
    if (isBetter) best = { weight, gain };
  }
  return shelf.get(best.weight)?.pop();
}
