import { type BotRequest, newRequests } from '../../api/bot-requests.ts';
import type { RuntimeFacts } from '../../api/runtime-facts.ts';
import type { BotAssignment } from '../../control/port.ts';
import { sleep, toTimestamp } from '../../lib/clock.ts';
import { errorMessage, TenantBotError, unreachable } from '../../lib/errors.ts';
import { botLog, type Log } from '../../telemetry/log.ts';
import { removeWebhook } from '../intake/webhook-calls.ts';
import { BotGuards } from '../pipeline/guards.ts';
import { CallError } from '../telegram/call-error.ts';
import { BotCalls, type CallsHost } from './bot-calls.ts';
import type { BotDeps } from './bot-deps.ts';
import { BotToken, type TokenHost } from './bot-token.ts';
import { CrashRecord } from './crash-record.ts';
import { FactsRecorder } from './facts-recorder.ts';
import { toBotError } from './fingerprint.ts';
import { Heartbeat, type HeartbeatHost } from './heartbeat.ts';
import { initialFacts } from './initial-facts.ts';
import { type BotState, transition } from './lifecycle.ts';
import { saysTheSame } from './same-spec.ts';
import { type Failure, Serving, type ServingHost } from './serving.ts';
import { type LeaveReason, type Stopping, WITHDRAWN, YIELDED } from './withdrawn.ts';

/** Before a bot begins again whose crash could not even be told. */
const UNTOLD_COOLDOWN_MS = 10_000;

/**
 * One bot with one token, from its first getMe to its drain. Whatever goes wrong in it stays in it,
 * and what happens is told as facts. While it serves it is a record that waits for its intake: no
 * function of its life is suspended, and what it does not need then is made when it does.
 */
export class HostedBot implements ServingHost, CallsHost, HeartbeatHost, TokenHost {
  readonly guards: BotGuards;
  readonly #deps: BotDeps;
  readonly calls: BotCalls;
  readonly recorder: FactsRecorder;
  readonly #token: BotToken;
  readonly #heartbeat: Heartbeat;
  readonly #crashes = new CrashRecord();
  #assignment: BotAssignment;
  #state: BotState = { kind: 'Starting' };
  #serving: Serving | undefined;
  /** Went wrong in the present life where nobody waited for it. */
  #failure: Failure | undefined;
  #dropPending: boolean;
  /** All updates below were finished, here or before. */
  #offset: number | undefined;
  /** Somebody wants the bot started anew. */
  #anew = false;
  #stopping: Stopping | undefined;
  /** Ends what the bot waits for apart from updates. */
  #waits: AbortController | undefined;
  /** Ends the wait of a crashed bot for another spec. */
  #onAssignment: (() => void) | undefined;

  constructor(assignment: BotAssignment, deps: BotDeps, publish: (facts: RuntimeFacts) => void) {
    this.#assignment = assignment;
    this.#dropPending = assignment.dropPending;
    this.#offset = assignment.resume?.offset;
    this.#deps = deps;
    this.guards = new BotGuards(assignment, deps.clock);
    this.recorder = new FactsRecorder(
      deps.coarseClock,
      initialFacts(assignment),
      publish,
      this.guards,
    );
    this.calls = new BotCalls(deps, assignment.token, this);
    this.#token = new BotToken(deps, this);
    this.#heartbeat = new Heartbeat(deps, this);
  }

  /** Where its next owner goes on, once it has ended: all updates below were finished. */
  get offset(): number | undefined {
    return this.#offset;
  }

  /** Made anew each time: one weighs as much as all else of a bot that waits for updates. */
  get log(): Log {
    return botLog(this.#deps.log, this.#assignment.key, this.#assignment.spec.logLevel);
  }

  get heartbeatMs(): number {
    return this.#assignment.spec.restart.heartbeatSeconds * 1_000;
  }

  get uid(): string {
    return this.#assignment.uid;
  }

  get epoch(): number {
    return this.#assignment.epoch;
  }

  get resume(): BotAssignment['resume'] {
    return this.#assignment.resume;
  }

  /** Begins the bot's life. */
  start(): void {
    this.recorder.transition({});
    if (this.#isAsked('resetBreaker')) this.#serve('resetBreaker');
    void this.#live();
  }

  /**
   * Ends the bot's life for good; resolves when it has drained. Never rejects. `reason` says why it
   * goes where its process does not; the first one counts.
   */
  stop(reason?: LeaveReason): Promise<void> {
    this.#stopping ??= { reason, ended: Promise.withResolvers() };
    this.#enter({ kind: 'Stopping' });
    this.#endLife();
    return this.#stopping.ended.promise;
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

  /** Ends the bot's present life as crashed; updates in hand come again. */
  fail(error: unknown): void {
    this.recorder.count('errors');
    this.#deps.history.failed(this, error);
    this.#tell(error);
    this.#failure ??= { error };
    this.#serving?.fail(error);
  }

  onLook(): void {
    if (this.#token.isDue) void this.#checkToken();
  }

  onServed(failure: Failure | undefined): void {
    this.#heartbeat.unwatch();
    void this.#live(failure);
  }

  onSent(): void {
    this.recorder.count('replies');
  }

  onStateChange(): void {
    this.recorder.transition({});
    const { breaker, health } = this.guards;
    const states = { breaker: breaker.state, health: health.state };
    this.log.info(states, 'breaker or health has changed');
  }

  onCallFailed(error: CallError): void {
    if (error.fault === 'aborted' || error.fault === 'breaker-open') return;
    this.recorder.count('errors');
    this.#deps.history.failed(this, error);
    // It says when the pause ends; its update waits for that, and ends with no error.
    if (error.fault === 'rate-limited') this.#tell(error);
    if (error.fault === 'unauthorized') this.#serving?.fail(error);
  }

  onTokenAnswer(): void {
    this.#meet('checkToken');
  }

  onTokenRevoked(): void {
    this.#enter({ kind: 'Suspended' });
  }

  /**
   * Goes on until the bot serves, or has stopped; `failure` is what it served with last. Never
   * rejects.
   */
  async #live(failure?: Failure): Promise<void> {
    const served = this.#serving;
    if (served) this.#offset = served.offset;
    this.#serving = undefined;
    let refusal = failure && (await this.#outlive(failure));
    while (!this.#stopping) {
      this.#anew = false;
      this.#enter({ kind: 'Starting' });
      this.#meet('restart');
      try {
        if (await this.#begin(refusal)) return;
        refusal = undefined;
      } catch (error) {
        refusal = await this.#outlive({ error });
      }
    }
    if (this.#stopping.reason === WITHDRAWN) await this.#leave(served);
    this.#enter({ kind: 'Stopped' });
    this.#stopping.ended.resolve();
  }

  /** From the first getMe to serving. False where that is not wanted any more. */
  async #begin(refusal: CallError | undefined): Promise<boolean> {
    this.#failure = undefined;
    const me = await this.#token.identify(this.#signal, refusal);
    this.#enter({ kind: 'Starting' });
    if (this.#failure) throw (this.#failure as Failure).error;
    if (this.#isOver) return false;
    const serving = new Serving({
      assignment: this.#assignment,
      me,
      deps: this.#deps,
      host: this,
      calls: this.calls,
      heartbeat: this.#heartbeat,
      recorder: this.recorder,
      dropPending: this.#dropPending,
      offset: this.#offset,
    });
    this.#serving = serving;
    this.#waits = undefined;
    this.#dropPending = false;
    const sinceMs = this.#deps.clock.monotonicMs();
    this.#enter({ kind: 'Running', startedAt: this.#now(), sinceMs });
    this.#heartbeat.watch();
    serving.start();
    return true;
  }

  /** Ends the present life: the bot begins anew, unless it is to stop. */
  #endLife(): void {
    this.#waits?.abort();
    this.#waits = undefined;
    this.#serving?.stop(this.#stopping?.reason === YIELDED ? 'abandon' : 'finish');
  }

  get #isOver(): boolean {
    return this.#anew || this.#stopping !== undefined;
  }

  /** Aborts when the present life ends. */
  get #signal(): AbortSignal {
    this.#waits ??= new AbortController();
    return this.#waits.signal;
  }

  /** Has the token checked again, unless that is under way. */
  async #checkToken(): Promise<void> {
    const refusal = await this.#token.recheck(this.#signal);
    if (refusal) this.#serving?.fail(refusal);
    if (this.#serving && !this.#token.isBusy) this.#waits = undefined;
  }

  /** Does what is asked of the bot beyond its spec. */
  #serve(request: BotRequest): void {
    switch (request) {
      case 'checkToken':
        this.#token.hasten();
        void this.#checkToken();
        return;
      case 'restart':
        this.#crashes.clear();
        this.#anew = true;
        this.#endLife();
        return;
      case 'resetBreaker':
        this.#resetBreaker();
        break;
      case 'persist':
        this.#deps.history.persist(this);
        break;
      default:
        unreachable(request);
    }
    this.#meet(request);
  }

  /** Lets the bot's calls through at once, be it as a probe for all bots of the shard. */
  #resetBreaker(): void {
    this.guards.breaker.reset();
    this.#deps.guards.upstream.probeNow();
    if (this.guards.takeChange()) this.recorder.transition({});
    this.#serving?.hasten();
  }

  #isAsked(request: BotRequest): boolean {
    const { requests } = this.#assignment;
    return newRequests(requests, this.recorder.facts.handledRequests).includes(request);
  }

  /** Tells that the newest request of this kind was met. */
  #meet(request: BotRequest): void {
    if (!this.#isAsked(request)) return;
    const { handledRequests } = this.recorder.facts;
    const value = this.#assignment.requests?.[request];
    this.recorder.transition({ handledRequests: { ...handledRequests, [request]: value } });
  }

  #applySpec(): void {
    const { generation } = this.#assignment;
    this.guards.apply(this.#assignment.spec);
    try {
      this.#serving?.apply(this.#assignment);
      this.recorder.transition({ generation });
    } catch (error) {
      this.log.error(`the new spec is not in effect: ${errorMessage(error)}`);
      this.recorder.transition({ lastError: toBotError(error, this.#now()) });
    }
    // What waits for a breaker asks it anew: it may be open for less than it was.
    this.#serving?.hasten();
    this.#onAssignment?.();
  }

  /**
   * What follows a life that ended with a failure; resolves to Telegram's refusal of the token, where
   * it is that. Nothing follows where the end was wanted. Never rejects.
   */
  async #outlive({ error }: Failure): Promise<CallError | undefined> {
    if (this.#isOver) return undefined;
    if (error instanceof CallError && error.fault === 'unauthorized') return error;
    try {
      const next = this.#crashed(error);
      if (next.kind === 'Restarting') return await this.#rest(next.cooldownMs);
      await this.#anotherAssignment(this.#signal);
      this.#crashes.clear();
      return undefined;
    } catch {
      return this.#rest(UNTOLD_COOLDOWN_MS);
    }
  }

  /** Tells of a crash, and what comes after it. */
  #crashed(error: unknown): ReturnType<CrashRecord['next']> {
    this.log.error({ err: error }, `crashed: ${errorMessage(error)}`);
    this.#tell(error);
    const counted = this.#crashes.next(this.#assignment.spec.restart, this.#ranMs(this.#state));
    // Trying the same spec again would end the same way.
    const hopeless = error instanceof TenantBotError && error.kind === 'input';
    const next = hopeless ? ({ kind: 'Crashed', crashes: counted.crashes } as const) : counted;
    if (next.kind === 'Restarting') {
      this.recorder.note({ restarts: this.recorder.facts.restarts + 1 });
    }
    this.#enter(next);
    return next;
  }

  #ranMs(state: BotState): number {
    return state.kind === 'Running' ? this.#deps.clock.monotonicMs() - state.sinceMs : 0;
  }

  /** Resolves after `delayMs`, or when the life is over. */
  async #rest(delayMs: number): Promise<undefined> {
    await sleep(this.#deps.clock, delayMs, this.#signal).catch(() => undefined);
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

  /** Whoever runs the bot next, here or elsewhere, is not to find a webhook that leads here. */
  async #leave(served: Serving | undefined): Promise<void> {
    const { updates, token } = this.recorder.facts;
    const mayBeSet = served?.usesWebhook === true || updates.mode === 'Webhook';
    // With a token that Telegram refuses nothing can be removed.
    if (!mayBeSet || token.state !== 'Valid') return;
    await removeWebhook(this.calls, this.#deps.clock, this.log);
  }

  /** Where the bot is there already, nothing happens; and nothing but the end follows a stop. */
  #enter(state: BotState): void {
    if (this.#state.kind === 'Stopping' && state.kind !== 'Stopped') return;
    if (this.#state.kind === state.kind) return;
    const before = this.#state;
    this.#state = transition(before, state);
    if (before.kind === 'Running') {
      this.recorder.count('uptimeSeconds', Math.round(this.#ranMs(before) / 1_000));
    }
    const { kind, ...details } = state;
    this.log.info({ state: kind, ...details }, kind.toLowerCase());
    this.recorder.transition({
      lifecycle: kind,
      ...(state.kind === 'Running' && { startedAt: state.startedAt }),
    });
  }

  #tell(error: unknown): void {
    this.recorder.note({ lastError: toBotError(error, this.#now()) });
  }

  #now(): string {
    return toTimestamp(this.#deps.clock.wallMs());
  }
}
