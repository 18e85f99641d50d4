import type { Api } from 'grammy';
import type { Update, UserFromGetMe } from 'grammy/types';
import type { BotAssignment } from '../../control/port.ts';
import type { UpdateKind } from '../../lib/update-kinds.ts';
import type { Log } from '../../telemetry/log.ts';
import { type CompiledHandlers, compileHandlers } from '../handlers/compile.ts';
import { MembershipGates } from '../handlers/gate/membership-gates.ts';
import type { HandlerContext } from '../handlers/handler.ts';
import type { Occasion } from '../pipeline/step.ts';
import type { BotDeps } from './bot-deps.ts';
import type { FactsRecorder } from './facts-recorder.ts';
import { Ownership } from './ownership.ts';

export interface BotHandlersOptions {
  readonly me: UserFromGetMe;
  readonly deps: BotDeps;
  readonly log: Log;
  readonly recorder: FactsRecorder;
  /** An Api for calls that no update asks for; they end with `signal`. */
  readonly api: (occasion: Pick<Occasion, 'signal' | 'priority'>) => Api;
  /** The kinds of update that are needed have changed by themselves. */
  readonly onAllowedUpdates: () => void;
}

/**
 * What a bot does with updates: nothing before its owner is known, where the spec asks for that,
 * and then what its handlers say. What these remember stays across changes of the spec.
 */
export class BotHandlers {
  readonly #options: BotHandlersOptions;
  readonly #ownership: Ownership;
  /** Ends what the gates have begun. */
  #end: AbortController | undefined;
  #assignment: BotAssignment;
  #compiled: CompiledHandlers;
  #gates: MembershipGates | undefined;

  /** Throws an input error where the handlers can't be made ready. */
  constructor(assignment: BotAssignment, options: BotHandlersOptions) {
    this.#options = options;
    const { deps, log, recorder, me } = options;
    this.#assignment = assignment;
    this.#compiled = this.#compile(assignment);
    const { clock, sweep } = deps;
    this.#ownership = new Ownership({
      clock,
      sweep,
      log,
      recorder,
      username: me.username,
      onVerified: () => {
        this.#openGates();
        options.onAllowedUpdates();
      },
    });
    this.#ownership.require(assignment.spec.ownership.required);
  }

  /** The kinds of update to ask for: what the spec says, else what the handlers can fit. */
  get allowedUpdates(): readonly UpdateKind[] {
    const kinds = this.#assignment.spec.updates.allowedUpdates ?? this.#compiled.allowedUpdates;
    // The code comes as a message.
    if (!this.#ownership.pending || kinds.includes('message')) return kinds;
    return ['message', ...kinds];
  }

  /** Whether nothing would be lost were they made ready anew. */
  get canRest(): boolean {
    return !this.#gates && !this.#ownership.pending;
  }

  /** Begins with what the handlers do besides handling updates. */
  start(): void {
    this.#openGates();
  }

  /** Goes by another spec. Throws an input error as the constructor does, and then stays as it was. */
  apply(assignment: BotAssignment): void {
    this.#compiled = this.#compile(assignment);
    this.#assignment = assignment;
    this.#ownership.require(assignment.spec.ownership.required);
    this.#openGates();
  }

  /** As {@link CompiledHandlers.handle}. */
  handle(context: HandlerContext, signal: AbortSignal): Promise<'handled' | 'unmatched'> {
    if (this.#ownership.pending) return this.#ownership.handle(context.ctx);
    return this.#compiled.handle(context, signal);
  }

  /** The command that `update` gives, where the spec has a handler for it; else ''. */
  commandIn(update: Update): string {
    return this.#compiled.commandIn(update, this.#options.me.username);
  }

  /** Nothing goes on any more. */
  close(): void {
    this.#ownership.close();
    this.#gates?.close();
    this.#end?.abort();
  }

  #compile(assignment: BotAssignment): CompiledHandlers {
    const { deps, log } = this.#options;
    const { clock, httpPost } = deps;
    return compileHandlers(assignment, { clock, httpPost, log, gates: () => this.#gatesOfBot() });
  }

  #openGates(): void {
    if (this.#ownership.pending) this.#gates?.close();
    else this.#gates?.setGates(this.#compiled.gates);
  }

  #gatesOfBot(): MembershipGates {
    const { deps, log, me, recorder, api } = this.#options;
    this.#end ??= new AbortController();
    const { signal } = this.#end;
    this.#gates ??= new MembershipGates({
      clock: deps.clock,
      sweep: deps.sweep,
      log,
      me,
      api: {
        reply: api({ signal, priority: 'reply' }),
        background: api({ signal, priority: 'background' }),
      },
      onAspect: (aspect) => recorder.aspect('gate', aspect),
      onVerification: (outcome, { groupId, user }) => {
        log.info({ outcome, chat: groupId, user: user.id }, 'verification');
        deps.verifications.count(outcome);
        deps.history.verified(this.#assignment, outcome, user.id);
      },
    });
    return this.#gates;
  }
}
