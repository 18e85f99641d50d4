import { type BotRequest, newRequests } from '../../api/bot-requests.ts';
import { NOTHING_DONE, type RuntimeFacts } from '../../api/runtime-facts.ts';
import type { BotAssignment } from '../../control/port.ts';
import { sleep, toTimestamp } from '../../lib/clock.ts';
import { errorMessage, TenantBotError, unreachable } from '../../lib/errors.ts';
import { botLog, type Log } from '../../telemetry/log.ts';
import { BotGuards } from '../pipeline/guards.ts';
import { makeBare } from '../pipeline/pipeline.ts';
import { CallError } from '../telegram/call-error.ts';
import { DirectCaller } from '../telegram/direct-caller.ts';
import type { BotDeps } from './bot-deps.ts';
import type { ErrorOwner } from './boundary.ts';
import { CrashRecord } from './crash-record.ts';
import { FactsRecorder } from './facts-recorder.ts';
import { toBotError } from './fingerprint.ts';
import { Heartbeat } from './heartbeat.ts';
import { type BotState, transition } from './lifecycle.ts';
import { Serving } from './serving.ts';
import { UNCHECKED } from './token-check.ts';
import { TokenKeeper } from './token-keeper.ts';

/** Before a bot begins again whose crash could not even be told. */
const UNTOLD_COOLDOWN_MS = 10_000;
const TOKEN_RECHECK_MS = 24 * 3_600_000;

/**
 * One bot with one token, from its first getMe to its drain. Whatever goes wrong in it stays in
 * it: {@link HostedBot.start} never rejects, and what happens is told as facts.
 */
export class HostedBot implements ErrorOwner {
  readonly #deps: BotDeps;
  readonly #log: Log;
  readonly #recorder: FactsRecorder;
  readonly #token: TokenKeeper;
  readonly #guards: BotGuards;
  readonly #heartbeat: Heartbeat;
  readonly #crashes = new CrashRecord();
  #assignment: BotAssignment;
  #state: BotState = { kind: 'Starting' };
  #serving: Serving | undefined;
  /** Went wrong in the present life where nobody waited for it. */
  #failure: { readonly error: unknown } | undefined;
  #dropPending: boolean;
  /** All updates below were finished, here or before. */
  #offset: number | undefined;
  /** From one start to the next: ends where somebody wants the bot started anew. */
  #life = new AbortController();
  /** Ends the wait of a crashed bot for another spec. */
  #onAssignment: (() => void) | undefined;

  constructor(assignment: BotAssignment, deps: BotDeps, publish: (facts: RuntimeFacts) => void) {
    this.#assignment = assignment;
    this.#dropPending = assignment.dropPending;
    this.#offset = assignment.resume?.offset;
    this.#deps = deps;
    this.#log = botLog(deps.log, assignment.key, assignment.spec.logLevel);
    this.#guards = new BotGuards(assignment, deps.clock);
    this.#recorder = new FactsRecorder(
      deps.coarseClock,
      initialFacts(assignment),
      publish,
      this.#guards,
    );
    const caller = new DirectCaller(deps.transport, assignment.token);
    const context = {
      bot: this.#guards,
      shard: deps.guards,
      clock: deps.clock,
      onStateChange: () => this.#recorder.transition({}),
    };
    this.#token = new TokenKeeper({
      assignment,
      deps,
      getMe: (signal) =>
        makeBare('getMe', { context, method: 'getMe', priority: 'poll', signal }, () =>
          caller.getMe(signal),
        ),
      log: this.#log,
      recorder: this.#recorder,
      onAnswer: () => this.#meet('checkToken'),
      onRevoked: () => this.#enter({ kind: 'Suspended' }),
    });
    this.#heartbeat = new Heartbeat({
      clock: deps.clock,
      sweep: deps.sweep,
      watched: deps.heartbeats,
      limitMs: () => this.#assignment.spec.restart.heartbeatSeconds * 1_000,
      onHung: (error) => this.fail(error),
    });
  }

  /** Where its next owner goes on, once it has ended: all updates below were finished. */
  get offset(): number | undefined {
    return this.#offset;
  }

  /**
   * Takes over another generation of the same bot, with the same token and epoch, in place: no
   * poll and no update is interrupted. The same again changes nothing.
   */
  apply(assignment: BotAssignment): void {
    const before = this.#assignment;
    this.#assignment = assignment;
    if (!saysTheSame(assignment, before)) this.#applySpec();
    for (const request of newRequests(assignment.requests, before.requests)) {
      if (this.#isAsked(request)) this.#serve(request);
    }
  }

  #applySpec(): void {
    const { spec, generation } = this.#assignment;
    this.#log.level = spec.logLevel;
    this.#guards.apply(spec);
    try {
      this.#serving?.apply(this.#assignment);
      this.#recorder.transition({ generation });
    } catch (error) {
      this.#log.error(`the new spec is not in effect: ${errorMessage(error)}`);
      this.#recorder.transition({ lastError: toBotError(error, this.#now()) });
    }
    this.#onAssignment?.();
  }

  /** Ends the bot's present life as crashed; updates in hand come again. */
  fail(error: unknown): void {
    this.#recorder.count('errors');
    this.#recorder.note({ lastError: toBotError(error, this.#now()) });
    this.#failure ??= { error };
    this.#serving?.fail(error);
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure.error;
  }

  /** Runs the bot until `signal` aborts and it has drained. Never rejects. */
  async start(signal: AbortSignal): Promise<void> {
    const onAbort = (): void => {
      this.#enter({ kind: 'Stopping' });
      this.#life.abort(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    this.#recorder.transition({});
    if (this.#isAsked('resetBreaker')) this.#serve('resetBreaker');
    let refusal: CallError | undefined;
    while (!signal.aborted) {
      this.#meet('restart');
      this.#life = new AbortController();
      const life = this.#life.signal;
      try {
        await this.#live(life, refusal);
        refusal = undefined;
      } catch (error) {
        refusal = await this.#outlive(error, life).catch(() =>
          this.#rest(life, UNTOLD_COOLDOWN_MS),
        );
      }
      this.#life.abort();
      this.#enter({ kind: 'Starting' });
    }
    this.#enter({ kind: 'Stopped' });
  }

  async #live(signal: AbortSignal, refusal: CallError | undefined): Promise<void> {
    this.#failure = undefined;
    const me = await this.#token.identify(signal, refusal);
    this.#enter({ kind: 'Starting' });
    this.#throwFailure();
    const assignment = this.#assignment;
    const serving = new Serving({
      assignment,
      me,
      deps: this.#deps,
      guards: this.#guards,
      heartbeat: this.#heartbeat,
      owner: this,
      log: this.#log,
      recorder: this.#recorder,
      dropPending: this.#dropPending,
      offset: this.#offset,
    });
    this.#serving = serving;
    this.#dropPending = false;
    const sinceMs = this.#deps.clock.monotonicMs();
    this.#enter({ kind: 'Running', startedAt: this.#now(), sinceMs });
    this.#heartbeat.watch();
    const recheck = this.#deps.sweep.add(TOKEN_RECHECK_MS, () => {
      void this.#recheck();
      return TOKEN_RECHECK_MS;
    });
    try {
      await serving.start(signal);
    } finally {
      recheck.cancel();
      this.#heartbeat.unwatch();
      this.#offset = serving.offset;
      this.#serving = undefined;
    }
  }

  /** Has the token checked again, unless that is under way. */
  async #recheck(): Promise<void> {
    const refusal = await this.#token.recheck(this.#life.signal);
    if (refusal) this.#serving?.fail(refusal);
  }

  /** Does what is asked of the bot beyond its spec. */
  #serve(request: BotRequest): void {
    switch (request) {
      case 'checkToken':
        this.#token.hasten();
        void this.#recheck();
        return;
      case 'resetBreaker':
        this.#resetBreaker();
        this.#meet(request);
        return;
      case 'restart':
        this.#crashes.clear();
        this.#life.abort();
        return;
      default:
        unreachable(request);
    }
  }

  /** Lets the bot's calls through at once, be it as a probe for all bots of the shard. */
  #resetBreaker(): void {
    this.#guards.breaker.reset();
    this.#deps.guards.upstream.probeNow();
    if (this.#guards.takeChange()) this.#recorder.transition({});
    this.#serving?.hasten();
  }

  #isAsked(request: BotRequest): boolean {
    const { requests } = this.#assignment;
    return newRequests(requests, this.#recorder.facts.handledRequests).includes(request);
  }

  /** Tells that the newest request of this kind was met. */
  #meet(request: BotRequest): void {
    if (!this.#isAsked(request)) return;
    const { handledRequests } = this.#recorder.facts;
    const value = this.#assignment.requests?.[request];
    this.#recorder.transition({ handledRequests: { ...handledRequests, [request]: value } });
  }

  /**
   * What follows a life that ended with `error`; resolves to Telegram's refusal of the token, where
   * it is that. Resolves on abort.
   */
  async #outlive(error: unknown, signal: AbortSignal): Promise<CallError | undefined> {
    if (signal.aborted) return undefined;
    if (error instanceof CallError && error.fault === 'unauthorized') return error;
    this.#log.error({ err: error }, `crashed: ${errorMessage(error)}`);
    this.#recorder.note({ lastError: toBotError(error, this.#now()) });
    const next = this.#afterCrash(error);
    if (next.kind === 'Crashed') {
      this.#enter(next);
      await this.#anotherAssignment(signal);
      this.#crashes.clear();
      return undefined;
    }
    this.#recorder.note({ restarts: this.#recorder.facts.restarts + 1 });
    this.#enter(next);
    return this.#rest(signal, next.cooldownMs);
  }

  #afterCrash(error: unknown): ReturnType<CrashRecord['next']> {
    const next = this.#crashes.next(this.#assignment.spec.restart, this.#ranMs(this.#state));
    // Trying the same spec again would end the same way.
    const hopeless = error instanceof TenantBotError && error.kind === 'input';
    return hopeless ? { kind: 'Crashed', crashes: next.crashes } : next;
  }

  #ranMs(state: BotState): number {
    return state.kind === 'Running' ? this.#deps.clock.monotonicMs() - state.sinceMs : 0;
  }

  /** Resolves after `delayMs`, or on abort. */
  async #rest(signal: AbortSignal, delayMs: number): Promise<undefined> {
    await sleep(this.#deps.clock, delayMs, signal).catch(() => undefined);
  }

  #anotherAssignment(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done);
        this.#onAssignment = undefined;
        resolve();
      };
      signal.addEventListener('abort', done);
      this.#onAssignment = done;
    });
  }

  /** Where the bot is there already, nothing happens; and nothing but the end follows a stop. */
  #enter(state: BotState): void {
    if (this.#state.kind === 'Stopping' && state.kind !== 'Stopped') return;
    if (this.#state.kind === state.kind) return;
    const before = this.#state;
    this.#state = transition(before, state);
    if (before.kind === 'Running') {
      this.#recorder.count('uptimeSeconds', Math.round(this.#ranMs(before) / 1_000));
    }
    const { kind, ...details } = state;
    this.#log.info({ state: kind, ...details }, kind.toLowerCase());
    this.#recorder.transition({
      lifecycle: kind,
      ...(state.kind === 'Running' && { startedAt: state.startedAt }),
    });
  }

  #now(): string {
    return toTimestamp(this.#deps.clock.wallMs());
  }
}

const NOTHING_KNOWN = {
  lifecycle: 'Starting',
  token: UNCHECKED,
  ...NOTHING_DONE,
} as const;

function initialFacts({ generation, spec, resume }: BotAssignment): RuntimeFacts {
  const { token: _, offset: _offset, ownership, ...known } = resume ?? {};
  return {
    ...NOTHING_KNOWN,
    generation,
    ...known,
    ...(spec.ownership.required && ownership && { ownership }),
  };
}

/** Whether two assignments of one bot, with one token, have the same spec and keys. */
function saysTheSame(one: BotAssignment, other: BotAssignment): boolean {
  return (
    one.generation === other.generation &&
    one.signingKeys.size === other.signingKeys.size &&
    [...one.signingKeys].every(([place, key]) => other.signingKeys.get(place)?.equals(key) ?? false)
  );
}
