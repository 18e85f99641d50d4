import type { Context } from 'grammy';
import type { ChatJoinRequest } from 'grammy/types';
import type { JoinRequestHandler } from '../../api/button-handlers.ts';
import type { Log } from '../../telemetry/log.ts';
import type { UpdateHandler } from './handler.ts';
import { compileMessage, type ReadyMessage, valuesOf } from './message.ts';
import type { GrammySignal } from './reply.ts';

/** A request on its way to being answered. */
interface Asked {
  readonly ctx: Context;
  readonly request: ChatJoinRequest;
  readonly signal: GrammySignal;
}

/**
 * A handler that answers requests to join a chat: first in private, which Telegram allows until the
 * request is decided, then by the decision.
 */
export function compileJoinRequest(handler: JoinRequestHandler, log: Log): UpdateHandler {
  const { chat, decision, reply } = handler;
  const greet = reply ? greeting(compileMessage(reply), log) : undefined;
  return {
    kinds: ['chat_join_request'],
    handle({ ctx }, signal) {
      const request = ctx.chatJoinRequest;
      if (!request || !isAbout(chat, request.chat)) return undefined;
      return answer({ ctx, request, signal: signal as GrammySignal });
    },
  };

  async function answer(asked: Asked): Promise<void> {
    await greet?.(asked);
    await DECIDE[decision](asked);
  }
}

const DECIDE: Record<JoinRequestHandler['decision'], (asked: Asked) => Promise<unknown>> = {
  Approve: ({ ctx, request, signal }) => ctx.approveChatJoinRequest(request.from.id, signal),
  Decline: ({ ctx, request, signal }) => ctx.declineChatJoinRequest(request.from.id, signal),
  Leave: () => Promise.resolve(),
};

function greeting(
  message: (values: ReturnType<typeof valuesOf>) => ReadyMessage | undefined,
  log: Log,
): (asked: Asked) => Promise<unknown> {
  return async ({ ctx, request, signal }) => {
    const ready = message(valuesOf(ctx, ''));
    if (!ready) {
      log.warn({ updateId: ctx.update.update_id }, 'reply not sent: nothing is left of its text');
      return;
    }
    const { method, content, options } = ready;
    await ctx.api[method](request.user_chat_id, content, options, signal);
  };
}

function isAbout(wanted: string | undefined, chat: ChatJoinRequest['chat']): boolean {
  if (wanted === undefined || wanted === String(chat.id)) return true;
  return wanted.toLowerCase() === `@${chat.username?.toLowerCase() ?? ''}`;
}
