import type { FleetRateLimits } from '../../../src/api/rate-limits.ts';
import type { GrantStore, StoredText } from '../../../src/coordinator/table.ts';
import { grantConflict } from '../../../src/coordinator/table.ts';
import { type Random, seededRandom } from '../../../src/lib/random.ts';
import { EventLoop } from './event-loop.ts';
import { Replica } from './replica.ts';
import type { Sabotage } from './sabotage.ts';
import { ShardProcess } from './shard-process.ts';
import type { KnownReplica, Surroundings, WorldOptions } from './surroundings.ts';
import { Telegram } from './telegram.ts';

/**
 * A fleet with the real classes in simulated processes: shards, replicas of the operator that are
 * elected, the store of the table, the network between them, and Telegram.
 */
export class World implements Surroundings {
  readonly loop = new EventLoop();
  readonly random: Random;
  readonly options: WorldOptions;
  readonly telegram: Telegram;
  readonly sabotage: Sabotage;
  readonly shards: ShardProcess[] = [];
  readonly replicas: Replica[] = [];
  /** Who holds the lease. */
  lease: Surroundings['lease'] = { holder: undefined, version: 0 };
  stored: StoredText | undefined;
  limits: FleetRateLimits;
  writes = 0;
  readonly cut = new Set<string>();
  #version = 0;
  #pods = 0;

  constructor(options: WorldOptions) {
    this.sabotage = options.sabotage ?? {};
    this.options = options;
    this.random = seededRandom(options.seed);
    this.limits = options.limits;
    this.telegram = new Telegram(this);
    for (let shard = 0; shard < options.shards; shard++) this.startShard(shard, this.newPod());
    for (let replica = 0; replica < 2; replica++) this.startReplica(replica);
  }

  newPod(): string {
    return `pod-${this.#pods++}`;
  }

  startShard(shard: number, pod: string): void {
    this.shards[shard] = new ShardProcess(this, shard, pod);
    this.telegram.noteCaps();
  }

  startReplica(replica: number): void {
    this.replicas[replica] = new Replica(this, replica);
  }

  /** Some clock's rate. */
  rate(): number {
    return 1 + (2 * this.random() - 1) * this.options.clockError;
  }

  setLimits(limits: FleetRateLimits): void {
    this.limits = limits;
    this.telegram.noteCaps();
    for (const replica of this.replicas) replica.setLimits(limits);
  }

  /** How long a message takes: most of them little, some of them long. */
  delayMs(): number {
    const { slowestMs } = this.options;
    return this.random() < 0.9 ? 1 + 9 * this.random() : slowestMs * this.random();
  }

  /** Carries a message; it may come late, twice or never. */
  send(from: string, to: string, deliver: () => void): void {
    if (this.cut.has(`${from}>${to}`)) return;
    this.loop.after(this.delayMs(), deliver);
    if (this.random() < 0.02) this.loop.after(this.delayMs(), deliver);
  }

  /** Whoever leads as far as the network knows: not always who does. Old connections last. */
  route(last: KnownReplica | undefined): KnownReplica | undefined {
    const living = this.replicas.filter((replica) => replica.process.isAlive);
    if (last?.process.isAlive && this.random() < 0.5) return last;
    if (this.random() < 0.05) return living[Math.floor(this.random() * living.length)];
    return living.find((replica) => replica === this.lease.holder) ?? living[0];
  }

  /** The store as a replica reaches it. */
  storeFor(replica: KnownReplica): GrantStore {
    const call = <T>(work: () => T): Promise<T> =>
      new Promise((resolve, reject) => {
        const { process } = replica;
        const back = (settle: () => void): void => {
          this.loop.after(this.delayMs(), () => process.run(settle));
        };
        const fail = (): void => reject(new Error('no answer from the API server'));
        if (this.cut.has(`${replica.name}>api`)) {
          back(fail);
          return;
        }
        this.loop.after(this.delayMs(), () => {
          try {
            const result = work();
            // Done, and nobody ever learns of it.
            const isLost = this.random() < 0.02;
            back(isLost ? fail : () => resolve(result));
          } catch (error) {
            back(() => reject(error));
          }
        });
      });
    const store: GrantStore = {
      read: () => call(() => this.stored),
      write: (text, version) =>
        call(() => {
          if (this.stored?.version !== version) throw grantConflict();
          this.stored = { text, version: String(++this.#version) };
          this.writes++;
          return this.stored.version;
        }),
    };
    return this.sabotage.onStore?.(store) ?? store;
  }

  /** Somebody puts something else in place of the table; nothing where undefined. */
  editTable(text: string | undefined): void {
    this.stored = text === undefined ? undefined : { text, version: String(++this.#version) };
  }
}
