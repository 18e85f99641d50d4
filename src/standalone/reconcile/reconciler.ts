import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { BotFleetSpec } from '../../api/bot-fleet.ts';
import { type BotRequests, requestsOf } from '../../api/bot-requests.ts';
import type { RuntimeFacts } from '../../api/runtime-facts.ts';
import type { BotReport, EndedBot } from '../../control/port.ts';
import { type Clock, type Timer, toTimestamp } from '../../lib/clock.ts';
import { errorMessage } from '../../lib/errors.ts';
import type { Log } from '../../telemetry/log.ts';
import type { BotRecord, Identity, State } from '../data/state.ts';
import type { BotFather } from '../emulated/bot-father.ts';
import type { ObjectId } from '../manifests/manifest-object.ts';
import type { ManifestSet } from '../manifests/manifest-set.ts';
import type { ObjectStore } from '../object-store.ts';
import { Asked } from './asked.ts';
import { assignmentOf } from './assignment.ts';
import type { BotMemory } from './bot-memory.ts';
import { toCandidate } from './candidate.ts';
import { decide, type Verdict } from './decide.ts';
import type { HostListener, Hosts, SeatedBot } from './fleet-host.ts';
import { FleetHosts } from './fleet-hosts.ts';
import { type Gathered, type GatheredBot, gather, withDefaultFleet } from './gather.ts';
import type { HistoryView } from './history-view.ts';
import { identify } from './identify.ts';
import { refusals } from './refusals.ts';
import { SeatingPlan, type Sitter } from './seating.ts';
import { Seats } from './seats.ts';
import { type Change, StatusBoard } from './status-board.ts';
import { Turns } from './turns.ts';

/** Reports come with every update; what they change is shown together, this often. */
const REPORT_AFTER_MS = 50;
const INTRODUCE_AGAIN_AFTER_MS = 2_000;
/** What is saved is not older than this: it tells which bots Telegram may still have loaded. */
const SAVED_EVERY_MS = 5 * 60_000;

/** What a {@link Reconciler} works with. */
export interface ReconcilerOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Where fleets run. */
  readonly hosts: (listener: HostListener) => Hosts;
  /** Where the bots of a fleet find Telegram. */
  readonly telegramOf: (fleet: BotFleetSpec) => BotFleetSpec['telegram'];
  /** Makes tokens known, where there is an emulator. */
  readonly botFather: BotFather | undefined;
  readonly objects: ObjectStore;
  /** What the run before left. */
  readonly state: State;
  /** Hears whenever {@link Reconciler.snapshot} would say something else, and how much that matters. */
  readonly onState: (change: Exclude<Change, 'None'>) => void;
  readonly history: HistoryView;
}

/**
 * Brings the runtimes in line with the manifests, and the objects' status in line with the
 * runtimes. One pass gathers all that is known, decides (purely) what becomes of each bot, and
 * applies that; passes follow one another, never overlap, and change nothing where nothing has
 * changed.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #seats: Seats;
  readonly #seating: SeatingPlan;
  readonly #turns: Turns;
  readonly #board: StatusBoard;
  readonly #hosts: FleetHosts;
  readonly #memories = new Map<ObjectId, BotMemory>();
  readonly #asked = new Asked();
  readonly #facts = new Map<string, RuntimeFacts>();
  /** Bots whose runtime has told something that is not shown yet. */
  readonly #reported = new Set<string>();
  #identities: ReadonlyMap<ObjectId, Identity>;
  #manifests: ManifestSet | undefined;
  #gathered: Gathered = { bots: [], fleets: new Map() };
  #verdicts: ReadonlyMap<string, Verdict> = new Map();
  #passes: Promise<void> = Promise.resolve();
  #passDue = false;
  #reportTimer: Timer | undefined;
  #introduceTimer: Timer | undefined;
  #seatTimer: Timer | undefined;
  #saveTimer: Timer | undefined;
  #closed = false;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#board = new StatusBoard(options.objects, options.clock);
    this.#seats = new Seats(options.clock);
    this.#turns = new Turns(options.state, {
      clock: options.clock,
      onTurn: () => this.#reconcileSoon(),
    });
    const hosts = options.hosts({
      onReport: (report) => this.#heard(report),
      onReleased: (bot) => this.#released(bot),
      onDown: (uids) => {
        for (const uid of uids) this.#facts.delete(uid);
        this.#reconcileSoon();
      },
      onChange: () => this.#reconcileSoon(),
    });
    this.#hosts = new FleetHosts(hosts);
    this.#seating = new SeatingPlan(this.#seats, hosts.shards, options.clock);
    const { bots, fleets } = options.state;
    const identities = new Map<ObjectId, Identity>();
    for (const fleet of fleets) identities.set(`BotFleet/*/${fleet.name}`, fleet);
    for (const bot of bots) {
      const id: ObjectId = `TenantBot/${bot.namespace}/${bot.name}`;
      const { everStarted, placement, status, chatCooldowns, ...identity } = bot;
      identities.set(id, identity);
      this.#memories.set(id, { everStarted, placement, status, chatCooldowns });
    }
    this.#identities = identities;
    this.#saveAgain();
  }

  /** The history is kept now, or no longer. */
  availabilityChanged(): void {
    this.#reconcileSoon();
  }

  /** Takes a new state of the manifests; resolves when it has been applied. */
  update(manifests: ManifestSet): Promise<void> {
    this.#manifests = manifests;
    this.#reconcileSoon();
    return this.#passes;
  }

  /** Asks the bot for what its manifest could ask by annotation. */
  ask(uid: string, requests: BotRequests): void {
    const bot = this.#gathered.bots.find(({ identity }) => identity.uid === uid);
    if (!bot) return;
    this.#asked.ask(bot.id, requests, requestsOf(bot.manifest.metadata.annotations));
    this.#reconcileSoon();
  }

  /** What is to survive a restart. */
  snapshot(): State {
    const bots: BotRecord[] = [];
    const fleets: Identity[] = [];
    for (const [id, identity] of this.#identities) {
      if (id.startsWith('BotFleet/')) fleets.push(identity);
      else bots.push({ ...identity, ...this.#memoryOf(id) });
    }
    return { version: 1, savedAt: toTimestamp(this.#options.clock.wallMs()), bots, fleets };
  }

  /** Drains every bot. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#introduceTimer?.cancel();
    this.#saveTimer?.cancel();
    this.#turns.close();
    await this.#passes;
    this.#seatTimer?.cancel();
    await this.#hosts.stop();
    this.#reportTimer?.cancel();
    this.#showAll();
  }

  #reconcileSoon(): void {
    if (this.#passDue || this.#closed) return;
    this.#passDue = true;
    this.#passes = this.#passAfter(this.#passes);
  }

  async #passAfter(before: Promise<void>): Promise<void> {
    await before;
    this.#passDue = false;
    try {
      await this.#reconcile();
    } catch (error) {
      this.#options.log.error(`a pass of the reconciler failed: ${errorMessage(error)}`);
    }
  }

  async #reconcile(): Promise<void> {
    const manifests = this.#manifests;
    if (!manifests) return;
    this.#gather(manifests);
    const refused = refusals(this.#gathered);
    const decided = decide({
      candidates: this.#gathered.bots.map((bot) => toCandidate(bot, refused)),
      capacities: new Map(
        Array.from(this.#gathered.fleets, ([name, { manifest }]) => [
          name,
          manifest.spec.sharding.botsPerShard * this.#hosts.shards,
        ]),
      ),
      seats: this.#seats.all(),
    });
    this.#verdicts = new Map(
      this.#gathered.bots.map((bot) => [bot.identity.uid, this.#inTurn(bot, decided)]),
    );
    // Shown first: what is wrong with a bot needs no emulator to be said.
    this.#showAll();
    await this.#introduce();
    this.#seat();
    this.#assign();
    this.#showAll();
  }

  /** What was decided of the bot, or that it is to wait for its turn first. */
  #inTurn({ identity: { uid }, manifest }: GatheredBot, decided: ReadonlyMap<string, Verdict>) {
    const verdict = decided.get(uid) ?? { kind: 'wait' };
    if (this.#seats.has(uid)) this.#turns.keepLoaded(uid);
    else if (verdict.kind !== 'run') this.#turns.leave(uid);
    const { fleet, limits } = manifest.spec;
    const found = this.#gathered.fleets.get(fleet);
    if (verdict.kind !== 'run' || !found || this.#seats.has(uid)) return verdict;
    const { coldStart } = found.manifest.spec;
    const turnAt = this.#turns.turnOf({
      uid,
      fleet,
      weight: limits.weight,
      settings: { coldStart, telegram: this.#options.telegramOf(found.manifest.spec) },
    });
    return turnAt === undefined ? verdict : { kind: 'cold' as const, turnAt };
  }

  #saveAgain(): void {
    this.#saveTimer = this.#options.clock.setTimer(SAVED_EVERY_MS, () => {
      this.#options.onState('Activity');
      this.#saveAgain();
    });
  }

  #gather({ objects, problems, broken }: ManifestSet): void {
    const all = withDefaultFleet(objects);
    this.#identities = identify({
      before: this.#identities,
      objects: all,
      broken,
      now: toTimestamp(this.#options.clock.wallMs()),
      newUid: randomUUID,
    });
    for (const id of this.#memories.keys()) {
      if (this.#identities.has(id)) continue;
      this.#memories.delete(id);
      this.#asked.forget(id);
    }
    this.#gathered = gather(
      { objects: all, problems },
      { identities: this.#identities, botOf: (id) => this.#memories.get(id)?.status.bot },
    );
  }

  async #introduce(): Promise<void> {
    const bots = this.#gathered.bots.flatMap(({ key, token }) =>
      token.kind === 'ok' ? [{ key, botId: token.botId, token: token.token }] : [],
    );
    if ((await this.#options.botFather?.introduce(bots)) !== false) return;
    this.#introduceTimer?.cancel();
    this.#introduceTimer = this.#options.clock.setTimer(INTRODUCE_AGAIN_AFTER_MS, () =>
      this.#reconcileSoon(),
    );
  }

  #seat(): void {
    const fleets = Array.from(this.#gathered.fleets, ([name, { manifest }]) => {
      const stateOf = (ordinal: number) => this.#hosts.stateOf(name, ordinal);
      return [name, { sharding: manifest.spec.sharding, stateOf }] as const;
    });
    const sitters = this.#gathered.bots.flatMap((bot) => this.#sitterOf(bot));
    const { placements, againMs } = this.#seating.seat(sitters, new Map(fleets));
    for (const { id, identity } of this.#gathered.bots) {
      const placement = placements.get(identity.uid);
      if (placement) this.#memoryOf(id).placement = placement;
    }
    this.#seatTimer?.cancel();
    if (againMs === undefined) return;
    this.#seatTimer = this.#options.clock.setTimer(againMs, () => this.#reconcileSoon());
  }

  #sitterOf({ id, identity, manifest }: GatheredBot): Sitter[] {
    const { uid, creationTimestamp: createdAt } = identity;
    const verdict = this.#verdicts.get(uid);
    if (verdict?.kind !== 'run') return [];
    const { fleet, limits } = manifest.spec;
    const last = this.#memoryOf(id).placement;
    return [{ uid, fleet, botId: verdict.botId, weight: limits.weight, createdAt, last }];
  }

  #assign(): void {
    const seated = this.#gathered.bots.flatMap((bot) => this.#seatedBot(bot));
    const byFleet = Map.groupBy(seated, ({ bot }) => bot.spec.fleet);
    const wanted = Array.from(this.#gathered.fleets, ([name, { manifest }]) => {
      const spec = { ...manifest.spec, telegram: this.#options.telegramOf(manifest.spec) };
      return [name, { spec, bots: byFleet.get(name) ?? [] }] as const;
    });
    this.#hosts.assign(new Map(wanted));
  }

  #seatedBot(bot: GatheredBot): SeatedBot[] {
    const seat = this.#seats.find(bot.identity.uid);
    if (!seat || seat.leaving) return [];
    const assignment = assignmentOf(bot, seat.placement, {
      memory: this.#memoryOf(bot.id),
      requests: this.#asked.of(bot.id, requestsOf(bot.manifest.metadata.annotations)),
      seats: this.#seats,
      kept: this.#options.history.lastKnown(bot.identity.uid),
    });
    return assignment ? [{ ordinal: seat.placement.shard, bot: assignment }] : [];
  }

  #heard(report: BotReport): void {
    if (this.#seats.isCurrent(report)) {
      const before = this.#facts.get(report.uid)?.token.state;
      this.#facts.set(report.uid, report.facts);
      if (report.facts.token.state === 'Unauthorized' && before !== 'Unauthorized') {
        this.#introduceAnew(report.uid);
      }
      this.#reported.add(report.uid);
      this.#reportTimer ??= this.#options.clock.setTimer(REPORT_AFTER_MS, () => {
        this.#reportTimer = undefined;
        this.#showReported();
      });
      if (report.facts.lifecycle === 'Running') this.#seats.atWork(report.uid);
    }
  }

  #released(bot: EndedBot): void {
    if (!this.#seats.release(bot)) return;
    this.#facts.delete(bot.uid);
    this.#reconcileSoon();
  }

  #introduceAnew(uid: string): void {
    const bot = this.#gathered.bots.find(({ identity }) => identity.uid === uid);
    if (bot?.token.kind !== 'ok') return;
    this.#options.botFather?.forget(bot.token.botId);
    this.#reconcileSoon();
  }

  /** Shows every object as it is now, and takes away those that are gone. */
  #showAll(): void {
    for (const uid of this.#board.removeGone(this.#gathered)) this.#facts.delete(uid);
    this.#show(this.#gathered.bots);
    // Who is there, and since which generation, may have changed without a status.
    this.#options.onState('Transition');
  }

  #showReported(): void {
    this.#show(this.#gathered.bots.filter(({ identity }) => this.#reported.has(identity.uid)));
  }

  #show(bots: readonly GatheredBot[]): void {
    const changes = new Set(bots.map((bot) => this.#showBot(bot)));
    for (const { identity } of bots) this.#reported.delete(identity.uid);
    if (changes.has('Transition') || bots.length === this.#gathered.bots.length) {
      this.#board.showFleets(this.#gathered, {
        shardsOf: (fleet) => this.#hosts.factsOf(fleet),
        history: this.#options.history.availability(),
      });
    }
    if (changes.has('Transition')) this.#options.onState('Transition');
    else if (changes.has('Activity')) this.#options.onState('Activity');
  }

  #showBot(bot: GatheredBot): Change {
    const { uid } = bot.identity;
    const memory = this.#memoryOf(bot.id);
    const runtime = this.#facts.get(uid);
    if (runtime?.lifecycle === 'Running' && !memory.everStarted) {
      memory.everStarted = true;
      this.#reconcileSoon();
    }
    const verdict = this.#verdicts.get(uid) ?? { kind: 'wait' };
    const seated = this.#seats.has(uid);
    const change = this.#board.showBot(bot, { verdict, seated, runtime, memory });
    if (!runtime || isDeepStrictEqual(runtime.chatCooldowns, memory.chatCooldowns)) return change;
    memory.chatCooldowns = runtime.chatCooldowns;
    return change === 'None' ? 'Activity' : change;
  }

  #memoryOf(id: ObjectId): BotMemory {
    const known = this.#memories.get(id);
    if (known) return known;
    const memory: BotMemory = { everStarted: false, placement: undefined, status: {} };
    this.#memories.set(id, memory);
    return memory;
  }
}
