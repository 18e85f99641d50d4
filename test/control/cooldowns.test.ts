import { describe, expect, test } from 'vitest';
import type { Resume } from '../../src/api/bot-recall.ts';
import type { Cooldowns } from '../../src/api/cooldown.ts';
import { ShardHub } from '../../src/control/hub.ts';
import { PROTOCOL, type SyncAnswer, syncRequestSchema } from '../../src/control/messages.ts';
import { ShardMirror } from '../../src/control/shard-mirror.ts';
import { readTolerantly } from '../../src/control/tolerant.ts';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';
import { toTimestamp } from '../../src/lib/clock.ts';
import { fleetSpec } from '../support/assignments.ts';
import { bot, caller, report, SHARD } from './support.ts';

const HOUR_MS = 3_600_000;

/** A leader, and runtimes of its one shard whose clocks show another time than its own. */
class Channel {
  readonly clock = new AdjustableClock();
  readonly told: Cooldowns[] = [];
  readonly hub = new ShardHub({ clock: this.clock, instance: 'leader-1', refreshMs: 0 });
  #seq = 0;

  constructor() {
    this.hub.setFleet('default', { fleet: fleetSpec('http://telegram'), shards: 1 });
    this.hub.onReport((_, { facts }) => this.told.push(facts));
    this.hub.place(SHARD, bot('a'));
  }

  /** A pause of a bot and of a chat, by the clock of the runtime. */
  pause(seconds: number, aheadMs = 0): Cooldowns {
    const nowMs = this.clock.wallMs() + aheadMs;
    const untilMs = Math.ceil(nowMs / 1_000 + seconds) * 1_000;
    const pause = { since: toTimestamp(nowMs), until: toTimestamp(untilMs) };
    return { cooldown: pause, chatCooldowns: [{ of: 5, ...pause }] };
  }

  /** What the runtime is answered when it tells this; its clock is `aheadMs` ahead. */
  tell(told: Cooldowns, aheadMs?: number): Promise<SyncAnswer> {
    return this.#sync({
      session: `session-${this.#seq + 10}`,
      hosting: [{ uid: 'a', epoch: 1 }],
      reports: [report('a', told)],
      ...(aheadMs !== undefined && { at: Math.round(this.clock.wallMs() + aheadMs) }),
    });
  }

  /** What a runtime is answered that starts in the pod's place. */
  startAnewAnswer(): Promise<SyncAnswer> {
    return this.#sync({ session: `session-${this.#seq + 10}`, hosting: [], reports: [] });
  }

  /** What it is to go on from by its own clock. */
  async startAnew(aheadMs = 0): Promise<Resume | undefined> {
    const answer = await this.startAnewAnswer();
    const mirror = new ShardMirror();
    mirror.apply(answer, undefined, this.clock.wallMs() + aheadMs);
    return mirror.handOut()?.bots[0]?.resume;
  }

  async #sync(said: object): Promise<SyncAnswer> {
    const text = JSON.stringify({ protocol: PROTOCOL, seq: ++this.#seq, ...said });
    const read = readTolerantly(syncRequestSchema, JSON.parse(text));
    if (!read.success) throw read.error;
    const outcome = await this.hub.sync(caller(), read.data, new AbortController().signal);
    if (outcome.kind !== 'answer') throw new Error(outcome.kind);
    return outcome.answer;
  }
}

/** In how many seconds it ends by a clock that is `aheadMs` ahead of the leader's. */
function leftS({ clock }: Channel, told: Cooldowns | undefined, aheadMs = 0): number {
  expect(told?.chatCooldowns).toEqual([{ of: 5, ...told?.cooldown }]);
  return (Date.parse(told?.cooldown?.until ?? '') - clock.wallMs() - aheadMs) / 1_000;
}

describe('a pause that Telegram asked for', () => {
  test.each([0, HOUR_MS, -HOUR_MS, 1_600])(
    'is told by the clock of whoever reads it: that of the runtime is %i ms ahead',
    async (aheadMs) => {
      const channel = new Channel();
      await channel.tell(channel.pause(20, aheadMs), aheadMs);
      // Seconds are whole, and rather too many.
      expect(Math.floor(leftS(channel, channel.told[0]) - 20)).toBeOneOf([0, 1]);
      await channel.clock.advanceAsync(5_000);
      const resume = await channel.startAnew(-aheadMs);
      expect(Math.floor(leftS(channel, resume, -aheadMs) - 15)).toBeOneOf([0, 1]);
    },
  );

  test('holds for a runtime that starts anew, unless it was over', async () => {
    const channel = new Channel();
    const pause = channel.pause(20);
    await channel.tell(pause, 0);
    expect(await channel.startAnew()).toMatchObject(pause);
    await channel.tell({}, 0);
    expect(await channel.startAnew()).not.toHaveProperty('cooldown');
    // The leader goes by what it reads itself, and hands that out in place of this.
    await channel.tell(pause, 0);
    channel.hub.place(SHARD, bot('a'));
    expect(await channel.startAnew()).toBeUndefined();
  });

  test('is told and read by programs that know nothing of clocks', async () => {
    const channel = new Channel();
    await channel.tell(channel.pause(20));
    expect(leftS(channel, channel.told[0])).toBe(20);
    const mirror = new ShardMirror();
    const { at: _, ...answer } = await channel.startAnewAnswer();
    mirror.apply(answer, undefined, channel.clock.wallMs());
    expect(leftS(channel, mirror.handOut()?.bots[0]?.resume)).toBe(20);
  });

  test('may be told with more than is known', async () => {
    const channel = new Channel();
    const { cooldown, chatCooldowns = [] } = channel.pause(20);
    const newer = chatCooldowns.map((one) => ({ ...one, why: 'bulk' }));
    await channel.tell(
      { cooldown: { ...cooldown, why: 'bulk' }, chatCooldowns: newer } as never,
      0,
    );
    expect(channel.told[0]).toMatchObject({ cooldown, chatCooldowns });
  });

  test.each([0, 253_402_300_799_000])('makes no trouble where a clock shows %i', async (atMs) => {
    const channel = new Channel();
    for (const since of ['x', '+275760-09-13T00:00:00Z', '-271821-04-20T00:00:00Z']) {
      await channel.tell({ cooldown: { since, until: since } }, atMs - channel.clock.wallMs());
    }
    expect(channel.told).toHaveLength(3);
  });
});
