import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ShardHub } from '../../src/control/hub.ts';
import { PROTOCOL, type SyncRequest, syncAnswerSchema } from '../../src/control/messages.ts';
import type { ShardAssignment } from '../../src/control/port.ts';
import { ShardMirror } from '../../src/control/shard-mirror.ts';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';
import { fleetSpec } from '../support/assignments.ts';
import { bot, caller, revealed, SHARD } from './support.ts';

const UIDS = ['a', 'b'];

/** What may happen next to a leader, a runtime, or the wire between them, and how often. */
const WEIGHTS = {
  place: 4,
  withdraw: 3,
  complete: 1,
  send: 10,
  deliver: 10,
  lose: 2,
  follow: 10,
  drain: 4,
  endInPlace: 2,
  restart: 1,
  newLeader: 1,
} as const;
type Kind = keyof typeof WEIGHTS;

const kindArb = fc.oneof(
  ...(Object.keys(WEIGHTS) as Kind[]).map((kind) => ({
    weight: WEIGHTS[kind],
    arbitrary: fc.constant(kind),
  })),
);
const stepArb = fc.record({ kind: kindArb, uid: fc.constantFrom(...UIDS), which: fc.nat(1) });
type Step = typeof stepArb extends fc.Arbitrary<infer T> ? T : never;

/** A runtime as simple as can be: bots that run, and bots that drain until the test says so. */
class Machine {
  readonly running = new Set<string>();
  readonly draining = new Set<string>();
  #wanted = new Set<string>();

  follow({ bots }: ShardAssignment): void {
    this.#wanted = new Set(bots.map(({ uid }) => uid));
    for (const uid of this.running) {
      if (this.#wanted.has(uid)) continue;
      this.running.delete(uid);
      this.draining.add(uid);
    }
    for (const uid of this.#wanted) if (!this.draining.has(uid)) this.running.add(uid);
  }

  /** Whether the bot had something to drain. Starts again what is wanted again. */
  drained(uid: string): boolean {
    if (!this.draining.delete(uid)) return false;
    if (this.#wanted.has(uid)) this.running.add(uid);
    return true;
  }

  has(uid: string): boolean {
    return this.running.has(uid) || this.draining.has(uid);
  }
}

/** A leader, a runtime and the wire; what crosses it is text, as in life. */
class World {
  readonly clock = new AdjustableClock();
  hub!: ShardHub;
  isComplete = false;
  /** The oracle: what the leader wants, by uid. */
  wanted = new Map<string, string>();
  mirror = new ShardMirror();
  machine = new Machine();
  /** What the runtime was told to host, by the words that reached it. */
  accepted = new Set<string>();
  /** What it had been told when it first heard of the present leader. */
  inherited = new Set<string>();
  /** What the present leader withdrew on purpose. */
  withdrawn = new Set<string>();
  /** What it took for let go of, and did not place again. */
  released = new Set<string>();
  wire: {
    readonly asked: ShardMirror['mark'];
    readonly answer: string;
    readonly session: number;
  }[] = [];
  #session = 1;
  #seq = 0;
  #leaders = 0;
  #epoch = 0;

  constructor() {
    this.newLeader();
  }

  newLeader(): void {
    this.hub?.close();
    const instance = `leader-${++this.#leaders}`;
    // Small answers, so that what belongs together is often torn apart.
    this.hub = new ShardHub({ clock: this.clock, instance, answerBytes: 600, refreshMs: 0 });
    this.hub.setFleet('default', { fleet: fleetSpec('http://telegram'), shards: 1 });
    this.hub.onReleased((_, { uid }) => {
      if (this.wanted.has(uid)) throw new Error(`${uid} was released though it is placed`);
      this.released.add(uid);
      this.checkReleased();
    });
    this.isComplete = false;
    // A new leader has read nothing at first; what it will place is not known to it.
    this.wanted = new Map();
    this.withdrawn = new Set();
    this.released = new Set();
  }

  place({ uid }: Step): void {
    const assignment = bot(uid, { epoch: ++this.#epoch });
    this.wanted.set(uid, revealed(assignment));
    this.released.delete(uid);
    this.hub.place(SHARD, assignment);
  }

  withdraw({ uid }: Step): void {
    this.wanted.delete(uid);
    this.withdrawn.add(uid);
    this.hub.withdraw(SHARD, uid);
  }

  complete(): void {
    this.isComplete = true;
    this.hub.complete(SHARD);
  }

  lose({ which }: Step): void {
    this.wire.splice(which, 1);
  }

  drain({ uid }: Pick<Step, 'uid'>): void {
    if (this.machine.drained(uid)) this.mirror.end({ uid, epoch: 1 });
  }

  /** A revoked token, or another one: the bot has ended and its slot goes on. */
  endInPlace({ uid }: Step): void {
    if (this.machine.running.has(uid)) this.mirror.end({ uid, epoch: 1 });
  }

  restart(): void {
    this.#session++;
    this.mirror = new ShardMirror();
    this.machine = new Machine();
    this.accepted = new Set();
  }

  /** The leader gets a request; its answer is on the wire. */
  async send(): Promise<void> {
    const { mirror } = this;
    const asked = mirror.mark;
    const request: SyncRequest = {
      protocol: PROTOCOL,
      session: `session-${this.#session}`,
      seq: ++this.#seq,
      ...(asked && { have: asked }),
      hosting: mirror.hosting(),
      reports: [],
    };
    const answering = this.hub.sync(caller(), request, new AbortController().signal);
    await this.clock.advanceAsync(0);
    const outcome = await answering;
    if (outcome.kind !== 'answer') throw new Error(outcome.kind);
    this.wire.push({ asked, answer: JSON.stringify(outcome.answer), session: this.#session });
  }

  deliver({ which }: Pick<Step, 'which'>): void {
    const [arrived] = this.wire.splice(which % Math.max(1, this.wire.length), 1);
    if (!arrived || arrived.session !== this.#session) return;
    const leader = this.mirror.mark?.instance;
    const answer = syncAnswerSchema.parse(JSON.parse(arrived.answer));
    const { kind, unreadable } = this.mirror.apply(answer, arrived.asked);
    expect(unreadable).toEqual([]);
    if (kind === 'skipped') return;
    if (answer.instance !== leader) this.inherited = new Set(this.accepted);
    for (const uid of answer.removals) this.accepted.delete(uid);
    for (const upsert of answer.upserts) this.accepted.add((upsert as { uid: string }).uid);
  }

  follow(): void {
    const assignment = this.mirror.handOut();
    if (!assignment) return;
    this.machine.follow(assignment);
    this.checkReleased();
  }

  /** What the leader believes to be free must not run. */
  checkReleased(): void {
    for (const uid of this.released) {
      if (this.machine.has(uid)) throw new Error(`${uid} was released and runs`);
    }
  }

  /** Lets everything come to rest: nothing is lost any more and every bot drains. */
  async rest(): Promise<void> {
    this.wire = [];
    for (let round = 0; round < 30; round++) {
      await this.send();
      this.deliver({ which: 0 });
      this.follow();
      for (const uid of UIDS) this.drain({ uid });
    }
  }
}

test('whatever happens on the way, a runtime ends with what its leader has placed', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(stepArb, { minLength: 20, maxLength: 120, size: 'max' }),
      async (steps) => {
        const world = new World();
        for (const step of steps) await world[step.kind](step);
        await world.rest();
        const mirrored = (world.mirror.handOut()?.bots ?? []).map(revealed);
        const running = [...world.machine.running];
        if (world.isComplete) {
          expect(mirrored.toSorted()).toEqual([...world.wanted.values()].toSorted());
          expect(running.toSorted()).toEqual([...world.wanted.keys()].toSorted());
          expect(world.mirror.hosting().map(({ uid }) => uid)).toHaveLength(running.length);
        } else {
          expect(mirrored).toEqual(expect.arrayContaining([...world.wanted.values()]));
          for (const uid of world.inherited)
            if (!world.withdrawn.has(uid)) expect(running).toContain(uid);
        }
      },
    ),
    { numRuns: 300 },
  );
});
