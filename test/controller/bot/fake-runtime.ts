import { CLOSED_BREAKER } from '../../../src/api/breaker.ts';
import type { Cooldowns } from '../../../src/api/cooldown.ts';
import { UNKNOWN_HEALTH } from '../../../src/api/health.ts';
import type { RuntimeFacts } from '../../../src/api/runtime-facts.ts';
import type { ShardHub } from '../../../src/control/hub.ts';
import { PROTOCOL } from '../../../src/control/messages.ts';
import type { BotAssignment } from '../../../src/control/port.ts';
import { ReportBuffer } from '../../../src/control/report-buffer.ts';
import { type ShardId, shardName } from '../../../src/control/shard-id.ts';
import { ShardMirror } from '../../../src/control/shard-mirror.ts';
import { type Clock, nextMacrotask, toTimestamp } from '../../../src/lib/clock.ts';
import { present } from '../../../src/lib/present.ts';

/** Who polls which bot, and whether ever two did so at once. */
export class PollLedger {
  readonly violations: string[] = [];
  /** Bot ids whose token Telegram refuses. */
  readonly refused = new Set<number>();
  readonly #pollers = new Map<number, string>();

  begin(botId: number, poller: string): void {
    const other = this.#pollers.get(botId);
    if (other !== undefined) this.violations.push(`${poller} and ${other} poll ${botId}`);
    this.#pollers.set(botId, poller);
  }

  end(botId: number, poller: string): void {
    if (this.#pollers.get(botId) === poller) this.#pollers.delete(botId);
  }

  pollerOf(botId: number): string | undefined {
    return this.#pollers.get(botId);
  }
}

export interface FakeRuntimeOptions {
  readonly shard: ShardId;
  readonly hub: () => ShardHub | undefined;
  readonly ledger: PollLedger;
  readonly clock: Clock;
}

/**
 * The runtime of a shard without Telegram: what it is handed runs at once, and goes on while nobody
 * leads. Speaks to the hub as a real one does.
 */
export class FakeRuntime {
  /** By uid. */
  readonly running = new Map<string, BotAssignment>();
  readonly #options: FakeRuntimeOptions;
  readonly #mirror = new ShardMirror();
  readonly #reports = new ReportBuffer();
  readonly #session: string;
  readonly #podUid: string;
  #seq = 0;
  #updates = 0;
  /** By uid. */
  readonly #cooldowns = new Map<string, Cooldowns>();
  /** Since when each uid runs. */
  readonly #startedAt = new Map<string, string>();

  constructor(options: FakeRuntimeOptions, podUid = 'pod-1') {
    this.#options = options;
    this.#podUid = podUid;
    this.#session = `session-${podUid}`;
  }

  /** Runs until `signal` aborts, which kills it: nothing is drained or told. */
  async start(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const hub = this.#options.hub();
      if (!hub) await new Promise((resolve) => setTimeout(resolve, 5));
      else await this.#sync(hub, signal);
      await nextMacrotask();
    }
    for (const assignment of this.running.values()) this.#end(assignment);
  }

  /** Has had `count` more updates for every bot. */
  receive(count: number): void {
    this.#updates += count;
    for (const assignment of this.running.values()) this.#report(assignment);
  }

  /** Telegram has asked all bots for a pause. */
  pause(cooldowns: Cooldowns): void {
    for (const assignment of this.running.values()) {
      this.#cooldowns.set(assignment.uid, cooldowns);
      this.#report(assignment);
    }
  }

  async #sync(hub: ShardHub, signal: AbortSignal): Promise<void> {
    const { shard } = this.#options;
    const have = this.#mirror.mark;
    const reports = this.#reports.take(1_000);
    const outcome = await hub.sync(
      { shard, pod: `tenantbot-${shard.fleet}-${shard.ordinal}`, podUid: this.#podUid },
      {
        protocol: PROTOCOL,
        session: this.#session,
        seq: ++this.#seq,
        ...(have && { have }),
        hosting: this.#mirror.hosting(),
        reports,
      },
      signal,
    );
    if (signal.aborted || outcome.kind !== 'answer') return;
    this.#reports.acknowledge(reports, (uid) => this.#mirror.has(uid));
    if (have?.instance !== outcome.answer.instance) this.#reports.resendAll();
    this.#mirror.apply(outcome.answer, have);
    this.#follow();
  }

  #follow(): void {
    const wanted = this.#mirror.handOut();
    if (!wanted) return;
    const uids = new Set(wanted.bots.map(({ uid }) => uid));
    for (const [uid, assignment] of this.running) {
      if (uids.has(uid)) continue;
      this.running.delete(uid);
      this.#end(assignment);
      this.#mirror.end({ uid, epoch: assignment.epoch });
      this.#report(assignment, { lifecycle: 'Stopped' });
    }
    for (const assignment of wanted.bots) this.#want(assignment);
  }

  #want(assignment: BotAssignment): void {
    const before = this.running.get(assignment.uid);
    if (before === assignment) return;
    const goesOn = before?.epoch === assignment.epoch && before.token.equals(assignment.token);
    if (before && !goesOn) this.#end(before);
    this.running.set(assignment.uid, assignment);
    if (!goesOn) {
      const { cooldown, chatCooldowns } = assignment.resume ?? {};
      this.#cooldowns.set(assignment.uid, present({ cooldown, chatCooldowns }));
      this.#startedAt.set(assignment.uid, toTimestamp(this.#options.clock.wallMs()));
      this.#options.ledger.begin(botIdOf(assignment), this.#nameOf(assignment));
    }
    this.#report(assignment);
  }

  #end(assignment: BotAssignment): void {
    this.#options.ledger.end(botIdOf(assignment), this.#nameOf(assignment));
  }

  #nameOf({ key, epoch }: BotAssignment): string {
    return `${key}#${epoch} on ${shardName(this.#options.shard)}`;
  }

  #report(assignment: BotAssignment, change: Partial<RuntimeFacts> = {}): void {
    const { uid, epoch, generation, requests } = assignment;
    const { clock, ledger } = this.#options;
    const id = botIdOf(assignment);
    const now = toTimestamp(clock.wallMs());
    const startedAt = this.#startedAt.get(uid) ?? now;
    const refused = ledger.refused.has(id);
    const facts: RuntimeFacts = {
      lifecycle: refused ? 'Suspended' : 'Running',
      generation,
      token: refused
        ? { state: 'Revoked', lastChecked: startedAt, message: 'Telegram refuses it. Renew it.' }
        : { state: 'Valid', lastChecked: startedAt, message: '' },
      bot: { id, username: `bot_${id}`, name: `Bot ${id}` },
      updates: { mode: 'Polling', ...(this.#updates > 0 && { lastUpdateAt: now }) },
      health: UNKNOWN_HEALTH,
      breaker: CLOSED_BREAKER,
      counters: { updates: this.#updates, handled: 0, skipped: 0, replies: 0, errors: 0 },
      restarts: 0,
      startedAt,
      ...this.#cooldowns.get(uid),
      ...(requests && { handledRequests: requests }),
      ...change,
    };
    this.#reports.put({ uid, epoch, facts });
  }
}

function botIdOf({ token }: BotAssignment): number {
  return Number(token.reveal().split(':')[0]);
}
