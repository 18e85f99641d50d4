import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { BotFleetSpec } from '../../api/bot-fleet.ts';
import { resumeOf } from '../../api/bot-recall.ts';
import { type BotRequests, requestsOf } from '../../api/bot-requests.ts';
import type { RuntimeFacts } from '../../api/runtime-facts.ts';
import type { Refusal } from '../../api/tenancy.ts';
import type { BotAssignment, BotReport } from '../../control/port.ts';
import { type Clock, type Timer, toTimestamp } from '../../lib/clock.ts';
import { errorMessage } from '../../lib/errors.ts';
import { present } from '../../lib/present.ts';
import type { Random } from '../../lib/random.ts';
import type { ErrorBoundary } from '../../runtime/bot/boundary.ts';
import type { RetryStatistics } from '../../runtime/pipeline/retries/retry-statistics.ts';
import type { WebhookListener } from '../../runtime/webhook/webhook-door.ts';
import type { Log } from '../../telemetry/log.ts';
import type { BotRecord, Identity, State } from '../data/state.ts';
import type { BotFather } from '../emulated/bot-father.ts';
import type { ObjectId } from '../manifests/manifest-object.ts';
import type { ManifestSet } from '../manifests/manifest-set.ts';
import type { ObjectStore } from '../object-store.ts';
import { Asked } from './asked.ts';
import type { BotMemory } from './bot-memory.ts';
import { type Candidate, decide, type Verdict } from './decide.ts';
import { FleetHost } from './fleet-host.ts';
import { type Gathered, type GatheredBot, gather, withDefaultFleet } from './gather.ts';
import { identify } from './identify.ts';
import { refusals } from './refusals.ts';
import { Seats } from './seats.ts';
import { type Change, StatusBoard } from './status-board.ts';

/** Reports come with every update; what they change is shown together, this often. */
const REPORT_AFTER_MS = 50;
const INTRODUCE_AGAIN_AFTER_MS = 2_000;

/** What a {@link Reconciler} works with. */
export interface ReconcilerOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** In which bots do their work. */
  readonly boundary: ErrorBoundary;
  /** Where webhooks come in; without it bots poll. */
  readonly webhooks?: WebhookListener | undefined;
  /** Where the retries of all fleets are counted. */
  readonly retryStatistics: RetryStatistics;
  /** Where the bots of a fleet find Telegram. */
  readonly telegramOf: (fleet: BotFleetSpec) => BotFleetSpec['telegram'];
  /** Makes tokens known, where there is an emulator. */
  readonly botFather: BotFather | undefined;
  readonly objects: ObjectStore;
  /** What the run before left. */
  readonly state: State;
  /** Hears whenever {@link Reconciler.snapshot} would say something else, and how much that matters. */
  readonly onState: (change: Exclude<Change, 'None'>) => void;
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
  readonly #board: StatusBoard;
  readonly #hosts = new Map<string, FleetHost>();
  /** Of fleets that are gone: they end when their bots have drained. */
  readonly #leftHosts: Promise<void>[] = [];
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
  #closed = false;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#board = new StatusBoard(options.objects, options.clock);
    this.#seats = new Seats(options.clock, (uid) => {
      this.#facts.delete(uid);
      this.#reconcileSoon();
    });
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
    return { version: 1, bots, fleets };
  }

  /** Drains every bot. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#introduceTimer?.cancel();
    await this.#passes;
    const hosts = Array.from(this.#hosts.values(), (host) => host.stop());
    await Promise.all([...hosts, ...this.#leftHosts]);
    this.#seats.close();
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
    this.#verdicts = decide({
      candidates: this.#gathered.bots.map((bot) => toCandidate(bot, refused)),
      capacities: new Map(
        Array.from(this.#gathered.fleets, ([name, { manifest }]) => [
          name,
          manifest.spec.sharding.botsPerShard,
        ]),
      ),
      seats: this.#seats.all(),
    });
    // Shown first: what is wrong with a bot needs no emulator to be said.
    this.#showAll();
    await this.#introduce();
    this.#seat();
    this.#assign();
    this.#showAll();
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
    const running = new Set<string>();
    for (const { id, identity, manifest } of this.#gathered.bots) {
      const verdict = this.#verdicts.get(identity.uid);
      if (verdict?.kind !== 'run') continue;
      running.add(identity.uid);
      const memory = this.#memoryOf(id);
      memory.placement = this.#seats.take({
        uid: identity.uid,
        fleet: manifest.spec.fleet,
        botId: verdict.botId,
        last: memory.placement,
      });
    }
    for (const { uid, fleet } of this.#seats.all()) {
      if (!running.has(uid)) this.#seats.leave(uid, this.#drainMs(fleet));
    }
  }

  #drainMs(fleet: string): number {
    const seconds = this.#gathered.fleets.get(fleet)?.manifest.spec.runtime.drainSeconds ?? 0;
    return seconds * 1_000;
  }

  #assign(): void {
    for (const [name, { manifest }] of this.#gathered.fleets) {
      const bots = this.#gathered.bots.flatMap((bot) =>
        bot.manifest.spec.fleet === name ? this.#assignmentOf(bot) : [],
      );
      if (bots.length === 0 && !this.#hosts.has(name)) continue;
      const telegram = this.#options.telegramOf(manifest.spec);
      this.#hostOf(name).assign({ fleet: { ...manifest.spec, telegram }, shards: 1, bots });
    }
    for (const [name, host] of this.#hosts) {
      if (this.#gathered.fleets.has(name)) continue;
      this.#hosts.delete(name);
      this.#leftHosts.push(host.stop());
    }
  }

  #hostOf(fleet: string): FleetHost {
    const { clock, random, log, boundary, retryStatistics } = this.#options;
    const known = this.#hosts.get(fleet);
    if (known) return known;
    const onReport = (report: BotReport): void => this.#heard(report);
    const host = new FleetHost({
      clock,
      random,
      log: log.child({ fleet }),
      boundary,
      retryStatistics,
      webhooks: this.#options.webhooks,
      onReport,
    });
    this.#hosts.set(fleet, host);
    return host;
  }

  #assignmentOf({ id, key, identity, manifest, token, signingKeys }: GatheredBot): BotAssignment[] {
    const { placement, everStarted, status, chatCooldowns } = this.#memoryOf(id);
    const runs = this.#verdicts.get(identity.uid)?.kind === 'run';
    if (!runs || !placement || token.kind !== 'ok' || 'message' in signingKeys) return [];
    const known = { ...status, ...present({ chatCooldowns }) };
    const resume = resumeOf(known, token.botId);
    const requests = this.#asked.of(id, requestsOf(manifest.metadata.annotations));
    const assignment: BotAssignment = {
      uid: identity.uid,
      key,
      generation: identity.generation,
      epoch: placement.epoch,
      spec: manifest.spec,
      token: token.token,
      signingKeys,
      dropPending: manifest.spec.updates.dropPending && !everStarted,
      ...(resume && { resume }),
      ...(requests && { requests }),
    };
    return [assignment];
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
    }
    this.#seats.heard(report);
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
      this.#board.showFleets(this.#gathered);
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

function toCandidate(
  { key, identity, manifest, token, signingKeys }: GatheredBot,
  refused: ReadonlyMap<string, Refusal>,
): Candidate {
  return {
    uid: identity.uid,
    key,
    fleet: manifest.spec.fleet,
    createdAt: identity.creationTimestamp,
    suspended: manifest.spec.suspended,
    refusal: refused.get(identity.uid),
    botId: token.kind === 'ok' ? token.botId : undefined,
    signable: !('message' in signingKeys),
  };
}
