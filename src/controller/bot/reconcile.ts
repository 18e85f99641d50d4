import { isDeepStrictEqual } from 'node:util';
import type { KeptFacts } from '../../api/bot-recall.ts';
import type { BotKey } from '../../api/group.ts';
import type { Placement } from '../../api/tenant-bot-status.ts';
import type { ShardId } from '../../control/shard-id.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { ReconcileResult } from '../../kube/controller.ts';
import type { Lister } from '../../kube/lister.ts';
import type { KubeObject, ObjectKey } from '../../kube/resource.ts';
import type { Pod } from '../../kube/well-known.ts';
import type { WorkQueue } from '../../kube/work-queue.ts';
import { abortable } from '../../lib/abortable.ts';
import { type Clock, toTimestamp } from '../../lib/clock.ts';
import type { Random } from '../../lib/random.ts';
import { runTogether } from '../../lib/run-together.ts';
import { type Claim, judgeClaim } from '../../planner/claim.ts';
import type { Move } from '../../planner/fleet-state.ts';
import type { StoredFleet } from '../fleet/stored-fleet.ts';
import { CredentialCache } from '../secrets/credential-cache.ts';
import type { SecretReader } from '../secrets/secret-reader.ts';
import { readAllBots } from './adopt.ts';
import { BotWriter, type StatusWrite } from './apply.ts';
import { assignmentOf } from './assignment.ts';
import { type Decision, decide, wishOf } from './decide.ts';
import type { BotEvent } from './events.ts';
import { botFacts } from './facts.ts';
import { type BotIndex, FleetDirectory } from './fleet-directory.ts';
import { fleetSpecOf, type GatheredBot, gather, hintsOf } from './gather.ts';
import { HandOuts } from './hand-outs.ts';
import { latePlacement } from './late-placement.ts';
import type { MoveMetrics } from './move-metrics.ts';
import { Rebalancer } from './rebalancer.ts';
import { roomFor } from './room-for.ts';
import { atRest, type BotRecord, Roster } from './roster.ts';
import type { ShardDirectory } from './shard-directory.ts';
import { ShardPods } from './shard-pods.ts';
import { ShardStates } from './shard-states.ts';
import { botKeyOf, readSpec, readStatus, type StoredBot, weightOf } from './stored-bot.ts';
import { Turns } from './turns.ts';
import { watchSources } from './watch.ts';

/** What a {@link BotReconciler} reads, all of it in caches. */
export interface BotListers {
  readonly bots: Lister<StoredBot, BotIndex>;
  readonly fleets: Lister<StoredFleet>;
  /** For tenancy rules by label. */
  readonly namespaces?: Lister<KubeObject>;
  /** The runtimes' pods: they tell whether a shard that is silent is lost. */
  readonly pods?: Lister<Pod>;
}

export interface BotReconcilerOptions {
  readonly client: KubeClient;
  readonly listers: BotListers;
  readonly secrets: SecretReader;
  readonly shards: ShardDirectory;
  /** Where keys go that are to be reconciled. */
  readonly queue: Pick<WorkQueue, 'add'>;
  /** Takes an answer of the API server into the cache of bots. */
  readonly observe: (bot: StoredBot) => void;
  readonly event: (bot: StoredBot, event: BotEvent) => void;
  /** Hears what people who run the operator should know. */
  readonly warn: (message: string) => void;
  /** How many shards the fleet is to have may have changed. */
  readonly onSize: (fleet: string) => void;
  /** Bots of the fleet begin to move to other shards. */
  readonly onMoves: (fleet: string, moves: readonly Move[], pending: number) => void;
  readonly moveMetrics?: MoveMetrics;
  /** What the history knows of a bot. */
  readonly lastKnown?: (uid: string) => KeptFacts | undefined;
  readonly clock: Clock;
  readonly random: Random;
  /** Where BotFleets and the runtimes' pods live. */
  readonly namespace: string;
  /** Bots of these namespaces alone; of all where undefined. */
  readonly botNamespaces?: readonly string[] | undefined;
}

interface Outcome {
  readonly decision: Decision;
  readonly claim: Claim;
}

/**
 * Brings each TenantBot to where it is to run and its status in line with how it does. Lives as
 * long as one time of leading: what the leader knows beyond what is stored begins with it anew.
 *
 * A bot's place is written before the bot is handed out, and its finalizer before that; it is
 * given up only when no runtime hosts the bot any more. So the program may die after any write,
 * and whoever leads next goes on from what is stored.
 */
export class BotReconciler {
  readonly #options: BotReconcilerOptions;
  readonly #roster = new Roster();
  readonly #fleets: FleetDirectory;
  readonly #credentials: CredentialCache;
  readonly #handOuts: HandOuts;
  readonly #states: ShardStates;
  readonly #rebalancer: Rebalancer;
  readonly #turns: Turns;
  readonly #writer: BotWriter;
  readonly #adopted = Promise.withResolvers<void>();

  constructor(options: BotReconcilerOptions) {
    const { clock, random, listers, secrets, shards, namespace } = options;
    this.#options = options;
    this.#fleets = new FleetDirectory({ ...listers, fleetNamespace: namespace });
    this.#credentials = new CredentialCache(secrets, { clock, random });
    this.#writer = new BotWriter(options);
    const pods = new ShardPods(listers.pods, namespace);
    this.#handOuts = new HandOuts({
      shards,
      clock,
      roster: this.#roster,
      podState: (shard) => pods.stateOf(shard),
      reassignMs: (fleet) => this.#reassignMs(fleet),
      wake: (key, afterMs) => this.#wake(key, afterMs),
      warn: options.warn,
    });
    this.#states = new ShardStates({
      shards,
      clock,
      podState: (shard) => pods.stateOf(shard),
      lost: (fleet) => this.#handOuts.lost(fleet),
    });
    this.#rebalancer = new Rebalancer({
      roster: this.#roster,
      fleets: this.#fleets,
      states: this.#states,
      wake: (key) => this.#wake(key),
      onSize: options.onSize,
      onMoves: options.onMoves,
      metrics: options.moveMetrics,
      clock,
    });
    this.#turns = new Turns({
      roster: this.#roster,
      fleets: this.#fleets,
      wake: (key) => this.#wake(key),
      clock,
    });
  }

  /**
   * Reads where bots have their places, then sees to it that every bot is reconciled, those first
   * that have a place, and again whenever something changes. Resolves when `signal` aborts.
   */
  async start(signal: AbortSignal): Promise<void> {
    const { listers, secrets, client, botNamespaces = [undefined] } = this.#options;
    const unwatch = watchSources(
      { ...listers, secrets },
      {
        wake: (key) => this.#wake(key),
        isOwnWrite: ({ metadata }) =>
          this.#roster.find(metadata.uid)?.version === metadata.resourceVersion,
        onFewerBots: (fleet) => this.#wakeWaiting(fleet),
        onFleet: () => this.#rebalancer.changed(),
      },
    );
    try {
      for (const namespace of botNamespaces) {
        await readAllBots({ client, namespace }, (bot) => this.#adopt(bot), signal);
      }
      this.#handOuts.adopted();
      this.#turns.adopt();
      this.#adopted.resolve();
      for (const { key } of this.#roster.all()) this.#wake(key);
      for (const bot of listers.bots.list()) this.#wake(botKeyOf(bot));
      await runTogether(signal, [
        (signal) => this.#handOuts.start(signal),
        (signal) => this.#rebalancer.start(signal),
      ]);
    } finally {
      unwatch();
      this.#turns.close();
    }
  }

  /** How many places the leader has given away on each shard of the fleet, written or not. */
  reserved(fleet: string): ReadonlyMap<number, number> {
    return this.#roster.taken(fleet);
  }

  /** The weights together of the bots that are on the shard, or on their way there, to stay. */
  load(shard: ShardId): number {
    return this.#roster.load(shard);
  }

  /** The shards of the fleet that are lost, by ordinal. */
  lost(fleet: string): ReadonlySet<number> {
    return this.#states.lost(fleet);
  }

  /** Reconciles one TenantBot by its key. Waits until the places of all bots are known. */
  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    await abortable(this.#adopted.promise, signal);
    const object = this.#options.listers.bots.get(key);
    for (const record of this.#roster.named(key as BotKey)) {
      if (record.uid !== object?.metadata.uid) this.#retire(record);
    }
    const requeueAfterMs = object ? await this.#reconcileBot(object, signal) : Infinity;
    return requeueAfterMs === Infinity ? undefined : { requeueAfterMs };
  }

  /** Resolves to when the bot is to be looked at again, in ms from now. */
  async #reconcileBot(object: StoredBot, signal: AbortSignal): Promise<number> {
    const record = this.#recordOf(object);
    this.#handOuts.settleLeaving(record);
    const { generation = 0 } = object.metadata;
    if (record.spec?.generation !== generation) {
      record.spec = { generation, read: readSpec(object) };
      this.#roster.weigh(record.uid, weightOf(object));
    }
    const sources = { fleets: this.#fleets, credentials: this.#credentials };
    const bot = await gather(object, sources, hintsOf(record, record.spec.read), signal);
    const outcome = this.#decide(bot, record);
    return this.#apply(bot, record, outcome, signal);
  }

  /**
   * Decides, and remembers the decision before anything else can happen: from here on other bots
   * reckon with it.
   */
  #decide(bot: GatheredBot, record: BotRecord): Outcome {
    const first = this.#decideOnce(bot, record);
    if (first.decision.kind !== 'release') return first;
    this.#handOuts.withdraw(record, fleetSpecOf(bot)?.runtime.drainSeconds ?? 0);
    // Where its pod is gone, it has been released already.
    return record.hosting.kind === 'none' ? this.#decideOnce(bot, record) : first;
  }

  #decideOnce(bot: GatheredBot, record: BotRecord): Outcome {
    const { uid } = bot;
    const wish = wishOf(bot);
    const botId = wish.kind === 'run' ? wish.botId : undefined;
    const before = this.#roster.want(uid, wish.kind === 'run' ? wish : undefined)?.botId;
    // Others' claims rest on this one's.
    if (before !== botId) for (const id of [before, botId]) this.#wakeRivals(id, uid);
    const claim = botId === undefined ? FREE : this.#claim(uid, botId);
    const decided = decide({
      wish,
      claim,
      placement: this.#roster.placement(uid),
      late: this.#lateOf(bot),
      hosting: record.hosting.kind,
      room: roomFor(bot, { roster: this.#roster, fleets: this.#fleets, states: this.#states }),
      offset: this.#handOuts.offsetOf(record, botId),
      target: this.#roster.target(uid),
      now: toTimestamp(this.#options.clock.wallMs()),
    });
    const decision = this.#turns.inTurn(bot, record.hosting, decided);
    this.#remember(bot, record, decision);
    return { decision, claim };
  }

  #remember(bot: GatheredBot, record: BotRecord, decision: Decision): void {
    const { uid, fleetName } = bot;
    const placement = this.#roster.placement(uid);
    if (placement && decision.kind !== 'keep') this.#handOuts.abandon(record, placement);
    const isWaiting =
      decision.kind === 'full' ||
      record.hosting.kind === 'lost' ||
      bot.refusal?.reason === 'TooManyBots';
    this.#roster.waitForRoom(uid, isWaiting ? fleetName : undefined);
    this.#roster.rest(uid, decision.kind === 'rest' ? fleetName : undefined);
    const isFree = record.hosting.kind === 'none';
    if (decision.kind === 'run') {
      this.#roster.place(uid, decision.placement);
      this.#handOuts.wantAgain(record);
    } else if (isFree) this.#roster.place(uid, atRest(placement, this.#lateOf(bot)));
    // Where it was to go has been decided upon.
    if (isFree) this.#roster.retarget(uid, undefined);
  }

  async #apply(
    bot: GatheredBot,
    record: BotRecord,
    outcome: Outcome,
    signal: AbortSignal,
  ): Promise<number> {
    const { decision } = outcome;
    const place = decision.kind === 'run' ? decision.placement : undefined;
    const object = place ? await this.#writer.hold(bot.object, record, signal) : bot.object;
    // It has changed meanwhile: the cache has told of it, and the next pass begins from there.
    if (!object) return Infinity;
    // A new spec takes effect before it is told of; a new place is written first.
    const isStored = isDeepStrictEqual(bot.status?.placement, place);
    if (place && isStored) this.#handOut(bot, record, place);
    const { latest, activityMs } = await this.#tell({ ...bot, object }, record, outcome, signal);
    if (place && !isStored) this.#handOut(bot, record, place);
    if (decision.kind === 'finish') {
      await this.#writer.letGo(latest, record, signal);
      this.#drop(record);
    }
    this.#handOuts.settle(record);
    const now = this.#options.clock.monotonicMs();
    return Math.min(activityMs, (bot.known?.readAgainMs ?? Infinity) - now);
  }

  /** Brings the stored status in line with what is decided. */
  async #tell(
    bot: GatheredBot,
    record: BotRecord,
    { decision, claim }: Outcome,
    signal: AbortSignal,
  ): Promise<StatusWrite> {
    const { uid, object } = bot;
    const isEnd = decision.kind === 'finish';
    const placement = isEnd ? undefined : (this.#lateOf(bot) ?? this.#roster.placement(uid));
    const runtime = this.#handOuts.runtimeOf(record);
    const facts = botFacts(bot, { decision, claim, placement, runtime });
    if (isEnd && facts.deletion?.heldBy.length === 0) {
      return { latest: object, activityMs: Infinity };
    }
    const written = await this.#writer.writeStatus(object, { facts, record }, signal);
    // Not what is decided by now: it may have been released while this was written.
    this.#roster.placementWritten(uid, placement);
    return written;
  }

  #handOut(bot: GatheredBot, record: BotRecord, placement: Placement): void {
    const offset = this.#handOuts.offsetOf(record, placement.botId);
    const kept = this.#options.lastKnown?.(record.uid);
    const assignment = assignmentOf(bot, placement, { record, offset, kept });
    if (assignment) this.#handOuts.handOut(record, placement, assignment);
  }

  /** An object is gone, by whatever way; so is its bot once no runtime hosts it. */
  #retire(record: BotRecord): void {
    this.#wakeRivals(this.#roster.want(record.uid, undefined)?.botId, record.uid);
    this.#handOuts.withdraw(record, 0);
    this.#handOuts.settleLeaving(record);
    if (record.hosting.kind === 'none') this.#drop(record);
  }

  #drop({ uid }: BotRecord): void {
    const placement = this.#roster.placement(uid);
    const wanted = this.#roster.want(uid, undefined)?.botId;
    this.#credentials.forget(uid);
    this.#turns.forget(uid);
    this.#roster.drop(uid);
    this.#wakeRivals(wanted, uid);
    if (placement) this.#wakeWaiting(placement.fleet);
  }

  #adopt(object: StoredBot): void {
    this.#options.observe(object);
    const record = this.#recordOf(object);
    this.#roster.weigh(record.uid, weightOf(object));
    const { status } = record;
    if (!status?.placement) return;
    this.#roster.place(record.uid, status.placement);
    this.#roster.placementWritten(record.uid, status.placement);
    // Until more is known it is to go on: so nobody else is told that it is about to leave.
    const { fleet, botId } = status.placement;
    this.#roster.want(record.uid, botId === undefined ? undefined : { fleet, botId });
    this.#handOuts.adopt(record, status.placement, status);
  }

  #recordOf(object: StoredBot): BotRecord {
    const { uid, creationTimestamp: createdAt } = object.metadata;
    const known = this.#roster.find(uid);
    if (known) return known;
    const record = this.#roster.record({ uid, key: botKeyOf(object), createdAt });
    record.status = readStatus(object);
    return record;
  }

  #lateOf({ uid, status }: GatheredBot): Placement | undefined {
    return latePlacement(status?.placement, this.#roster.placement(uid));
  }

  #claim(uid: string, botId: number): Claim {
    const mine = this.#roster.claimant(uid, botId);
    return mine ? judgeClaim(mine, this.#roster.rivals(botId, uid)) : FREE;
  }

  #reassignMs(name: string): number {
    const fleet = this.#fleets.find(name);
    return fleet.kind === 'found' ? fleet.spec.sharding.reassignSeconds * 1_000 : Infinity;
  }

  #wake(key: BotKey, afterMs = 0): void {
    this.#options.queue.add(key, { afterMs, priority: afterMs === 0 ? 'transition' : 'routine' });
  }

  #wakeRivals(botId: number | undefined, uid: string): void {
    if (botId === undefined) return;
    for (const { key } of this.#roster.rivals(botId, uid)) this.#wake(key);
  }

  /** Room has come, or a place in the line. */
  #wakeWaiting(fleet: string): void {
    for (const key of this.#roster.waitingFor(fleet)) this.#wake(key);
  }
}

const FREE: Claim = { kind: 'free' };
