import type { Update } from 'grammy/types';
import type { BotKey } from '../../api/group.ts';
import type { Handler } from '../../api/handlers.ts';
import type { TenantBotSpec } from '../../api/tenant-bot.ts';
import type { Clock } from '../../lib/clock.ts';
import { inputError } from '../../lib/errors.ts';
import type { Secret } from '../../lib/secret.ts';
import { UPDATE_KINDS, type UpdateKind } from '../../lib/update-kinds.ts';
import type { Log } from '../../telemetry/log.ts';
import { updateKind } from '../dispatch/update-kind.ts';
import type { HttpPost } from '../transport/http-post.ts';
import { compileCallback } from './callback.ts';
import { compileCommand, isFor, parseCommand } from './command.ts';
import { compileForward } from './forward/forward.ts';
import { compileGate, type Gate } from './gate/gate.ts';
import type { MembershipGates } from './gate/membership-gates.ts';
import type { HandlerContext, UpdateHandler } from './handler.ts';
import { compileJoinRequest } from './join-request.ts';
import { textOf } from './message-text.ts';
import { compileText } from './text.ts';

/** The bot whose handlers are compiled. */
export interface HandlersInput {
  readonly spec: TenantBotSpec;
  readonly key: BotKey;
  /** Keys for the signatures of forward handlers, by the handler's place in `spec.handlers`. */
  readonly signingKeys: ReadonlyMap<number, Secret>;
}

/** What handlers reach the world with, apart from Telegram. */
export interface HandlerDeps {
  readonly clock: Clock;
  readonly httpPost: HttpPost;
  readonly log: Log;
  /** Where the membership gates of the bot live across changes of its spec; made when asked for. */
  readonly gates: () => MembershipGates;
}

/** All handlers of one bot. */
export interface CompiledHandlers {
  /** The kinds of update that some handler may fit, in the order of {@link UPDATE_KINDS}. */
  readonly allowedUpdates: readonly UpdateKind[];
  /**
   * Lets the first handler that fits handle the update. Rejects with that handler's error. An
   * update of an unknown kind is unmatched, never an error.
   */
  handle(context: HandlerContext, signal: AbortSignal): Promise<'handled' | 'unmatched'>;
  /**
   * The command that `update` gives, in lower case, where one of the handlers answers it and it is
   * meant for the bot of that name; else ''. Nothing that a user can make up.
   */
  commandIn(update: Update, username: string): string;
  /** The membership gates among the handlers; whoever puts these into effect tells the others. */
  readonly gates: readonly Gate[];
}

/** Prepares what `spec.handlers` says once, so that an update costs no parsing of it. */
export function compileHandlers(input: HandlersInput, deps: HandlerDeps): CompiledHandlers {
  const listed = input.spec.handlers.map((handler, index) =>
    compileHandler(handler, index, { ...input, ...deps }),
  );
  const gates = listed.flatMap(({ gate }) => gate ?? []);
  const commands = input.spec.handlers.flatMap(({ command }) => command?.name.toLowerCase() ?? []);
  const handlers = gates.length > 0 ? [deps.gates().doorbell, ...listed] : listed;
  return {
    gates,
    // A list that has grown takes more room than one that was copied, and bots keep it while idle.
    allowedUpdates: UPDATE_KINDS.filter((kind) =>
      handlers.some((handler) => handler.kinds.includes(kind)),
    ).slice(),
    commandIn(update, username) {
      const message = commands.length > 0 && textOf(update.message);
      const sent = message && parseCommand(message);
      const name = sent && isFor(sent, username) ? sent.name.toLowerCase() : '';
      return commands.includes(name) ? name : '';
    },
    async handle(context, signal) {
      const { usage } = context;
      const kind = updateKind(context.ctx.update);
      if (!kind) return 'unmatched';
      for (const handler of handlers) {
        if (!handler.kinds.includes(kind)) continue;
        const turn = usage.turn();
        if (turn) {
          await turn;
          signal.throwIfAborted();
        }
        const begun = usage.timed(() => handler.handle(context, signal));
        if (begun && (await begun) !== 'passed') return 'handled';
      }
      return 'unmatched';
    },
  };
}

function compileHandler(
  handler: Handler,
  index: number,
  bot: HandlersInput & HandlerDeps,
): UpdateHandler {
  const { command, text, callback, joinRequest, membershipGate, forward } = handler;
  if (command) return compileCommand(command, bot.log);
  if (text) return compileText(text, bot.log);
  if (callback) return compileCallback(callback, bot.log);
  if (joinRequest) return compileJoinRequest(joinRequest, bot.log);
  if (membershipGate) return bot.gates().filter(compileGate(membershipGate));
  const place = `spec.handlers[${index}]`;
  if (!forward) throw inputError('HANDLER_EMPTY', `${place}: give it one kind, such as command`);
  const signingKey = bot.signingKeys.get(index);
  if (!signingKey) {
    const { name, key } = forward.signingSecretRef;
    throw inputError(
      'SIGNING_KEY_MISSING',
      `${place}.forward: there is no key to sign with; put one into the Secret "${name}" under "${key}"`,
    );
  }
  return compileForward(forward, { place: `${place}.forward`, signingKey, ...bot });
}
