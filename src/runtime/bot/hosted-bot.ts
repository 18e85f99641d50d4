import type { UserFromGetMe } from 'grammy/types';
import { CLOSED_BREAKER } from '../../api/breaker.ts';
import { UNKNOWN_HEALTH } from '../../api/health.ts';
import type { RuntimeFacts } from '../../api/runtime-facts.ts';
import type { BotAssignment } from '../../control/port.ts';
import { sleep, toTimestamp } from '../../lib/clock.ts';
import { errorMessage, TenantBotError } from '../../lib/errors.ts';
import { botLog, type Log } from '../../telemetry/log.ts';
import { BotGuards } from '../pipeline/guards.ts';
import { CallError, classifyThrown } from '../telegram/call-error.ts';
import { DirectCaller } from '../telegram/direct-caller.ts';
import type { BotDeps } from './bot-deps.ts';
import { FactsRecorder } from './facts-recorder.ts';
import { toBotError } from './fingerprint.ts';
import { type BotState, transition } from './lifecycle.ts';
import { Serving } from './serving.ts';
import { TokenCheck } from './token-check.ts';

const MAX_RESTARTS = 3;
const RESTART_COOLDOWN_MS = 10_000;
/** Who ran for so long does not count as crashing again and again. */
const STEADY_MS = 600_000;

/**
 * One bot with one token, from its first getMe to its drain. Whatever goes wrong in it stays in
 * it: {@link HostedBot.start} never rejects, and what happens is told as facts.
 */
export class HostedBot {
  readonly #deps: BotDeps;
  readonly #log: Log;
  readonly #recorder: FactsRecorder;
  readonly #token: TokenCheck;
  readonly #caller: DirectCaller;
  readonly #guards: BotGuards;
  #assignment: BotAssignment;
  #state: BotState = { kind: 'Starting' };
  #serving: Serving | undefined;
  #crashes = 0;
  #dropPending: boolean;
  /** Ends the wait of a crashed bot for another spec. */
  #onAssignment: (() => void) | undefined;

  constructor(assignment: BotAssignment, deps: BotDeps, publish: (facts: RuntimeFacts) => void) {
    this.#assignment = assignment;
    this.#dropPending = assignment.dropPending;
    this.#deps = deps;
    this.#log = botLog(deps.log, assignment.key, assignment.spec.logLevel);
    this.#token = new TokenCheck(deps.clock, deps.random);
    this.#caller = new DirectCaller(deps.transport, assignment.token);
    this.#guards = new BotGuards(assignment, deps.clock);
    this.#recorder = new FactsRecorder(deps.clock, this.#initialFacts(assignment), publish);
  }

  /**
   * Takes over another generation of the same bot, with the same token and epoch, in place: no
   * poll and no update is interrupted. The same again changes nothing.
   */
  apply(assignment: BotAssignment): void {
    if (saysTheSame(assignment, this.#assignment)) return;
    this.#assignment = assignment;
    this.#log.level = assignment.spec.logLevel;
    this.#guards.apply(assignment.spec);
    try {
      this.#serving?.apply(assignment);
      this.#recorder.transition({ generation: assignment.generation });
    } catch (error) {
      this.#log.error(`the new spec is not in effect: ${errorMessage(error)}`);
      this.#recorder.transition({ lastError: toBotError(error, this.#now()) });
    }
    this.#onAssignment?.();
  }

  /** Runs the bot until `signal` aborts and it has drained. Never rejects. */
  async start(signal: AbortSignal): Promise<void> {
    const onAbort = (): void => this.#enter({ kind: 'Stopping' });
    signal.addEventListener('abort', onAbort, { once: true });
    this.#recorder.transition({});
    while (!signal.aborted) {
      try {
        await this.#live(signal);
      } catch (error) {
        await this.#outlive(error, signal).catch(() => this.#rest(signal));
      }
    }
    this.#enter({ kind: 'Stopped' });
  }

  async #live(signal: AbortSignal): Promise<void> {
    const me = await this.#identify(signal);
    const assignment = this.#assignment;
    this.#serving = new Serving({
      assignment,
      me,
      deps: this.#deps,
      guards: this.#guards,
      log: this.#log,
      recorder: this.#recorder,
      dropPending: this.#dropPending,
    });
    this.#dropPending = false;
    this.#enter({ kind: 'Running', startedAt: this.#now() });
    const startedMs = this.#deps.clock.monotonicMs();
    try {
      await this.#serving.start(signal);
    } finally {
      this.#serving = undefined;
      if (this.#deps.clock.monotonicMs() - startedMs >= STEADY_MS) this.#crashes = 0;
    }
  }

  /** Asks Telegram who the bot is until it says so. Rejects on abort. */
  async #identify(signal: AbortSignal): Promise<UserFromGetMe> {
    for (;;) {
      try {
        const me = await this.#deps.startGate.pass(() => this.#caller.getMe(signal));
        this.#token.accepted();
        if (this.#state.kind === 'Suspended') this.#enter({ kind: 'Starting' });
        this.#recorder.transition({
          token: this.#token.status,
          bot: { id: me.id, username: me.username, name: me.first_name },
        });
        return me;
      } catch (error) {
        if (signal.aborted) throw error;
        await this.#tokenFailed(classifyThrown(error), signal);
      }
    }
  }

  async #tokenFailed(error: CallError, signal: AbortSignal): Promise<void> {
    const waitMs = this.#token.failed(error);
    const { status } = this.#token;
    this.#log.warn({ token: status.state, waitMs: Math.round(waitMs) }, status.message);
    this.#recorder.transition({ token: status, lastError: toBotError(error, this.#now()) });
    if (status.state === 'Revoked' && this.#state.kind !== 'Suspended') {
      this.#enter({ kind: 'Suspended' });
    }
    await sleep(this.#deps.clock, waitMs, signal);
  }

  /** What follows a life that ended with `error`. Rejects on abort. */
  async #outlive(error: unknown, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    if (error instanceof CallError && error.fault === 'unauthorized') {
      this.#enter({ kind: 'Starting' });
      await this.#tokenFailed(error, signal);
      return;
    }
    this.#log.error({ err: error }, `crashed: ${errorMessage(error)}`);
    this.#recorder.note({ lastError: toBotError(error, this.#now()) });
    // Trying the same spec again would end the same way.
    const hopeless = error instanceof TenantBotError && error.kind === 'input';
    if (hopeless || this.#crashes >= MAX_RESTARTS) {
      this.#enter({ kind: 'Crashed' });
      await this.#anotherAssignment(signal);
      this.#crashes = 0;
    } else {
      this.#crashes++;
      this.#recorder.note({ restarts: this.#recorder.facts.restarts + 1 });
      this.#enter({ kind: 'Restarting' });
      await sleep(this.#deps.clock, RESTART_COOLDOWN_MS, signal);
    }
    this.#enter({ kind: 'Starting' });
  }

  /** Not even a defect in telling of a failure makes a bot start over without a pause. */
  #rest(signal: AbortSignal): Promise<void> {
    return sleep(this.#deps.clock, RESTART_COOLDOWN_MS, signal).catch(() => undefined);
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

  #enter(state: BotState): void {
    if (this.#state.kind === 'Stopping' && state.kind !== 'Stopped') return;
    this.#state = transition(this.#state, state);
    this.#log.info({ state: state.kind }, state.kind.toLowerCase());
    this.#recorder.transition({
      lifecycle: state.kind,
      ...(state.kind === 'Running' && { startedAt: state.startedAt }),
    });
  }

  #now(): string {
    return toTimestamp(this.#deps.clock.wallMs());
  }

  #initialFacts({ generation, resume }: BotAssignment): RuntimeFacts {
    return {
      lifecycle: 'Starting',
      generation,
      token: this.#token.status,
      ...(resume?.bot && { bot: resume.bot }),
      updates: { mode: 'Polling' },
      health: resume?.health ?? UNKNOWN_HEALTH,
      breaker: resume?.breaker ?? CLOSED_BREAKER,
      counters: resume?.counters ?? { updates: 0, handled: 0, skipped: 0, replies: 0, errors: 0 },
      restarts: resume?.restarts ?? 0,
      ...(resume?.handledRequests && { handledRequests: resume.handledRequests }),
    };
  }
}

/** Whether two assignments of one bot, with one token, ask for the same. */
function saysTheSame(one: BotAssignment, other: BotAssignment): boolean {
  return (
    one.generation === other.generation &&
    one.signingKeys.size === other.signingKeys.size &&
    [...one.signingKeys].every(([place, key]) => other.signingKeys.get(place)?.equals(key) ?? false)
  );
}
