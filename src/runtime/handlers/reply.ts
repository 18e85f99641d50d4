import type { Context } from 'grammy';
import type { Reply } from '../../api/reply.ts';
import type { Log } from '../../telemetry/log.ts';
import { compileMessage, type ReadyMessage, valuesOf } from './message.ts';

/** Answers the update in `ctx`; `args` is what followed the command, if there was one. */
export type SendReply = (ctx: Context, args: string, signal: AbortSignal) => Promise<void>;

/** grammY types signals by an older declaration of the same thing. */
export type GrammySignal = NonNullable<Parameters<Context['reply']>[2]>;

/**
 * A function that sends `reply` to the chat, and to the topic, that the update came from. A reply
 * in which nothing is left to read is not sent but logged.
 */
export function compileReply(reply: Reply, log: Log): SendReply {
  const message = compileMessage(reply);
  return async (ctx, args, signal) => {
    const ready = message(valuesOf(ctx, args));
    if (ready) await sendHere(ctx, ready, signal as GrammySignal);
    else
      log.warn({ updateId: ctx.update.update_id }, 'reply not sent: nothing is left of its text');
  };
}

async function sendHere(
  ctx: Context,
  { method, content, options }: ReadyMessage,
  signal: GrammySignal,
): Promise<void> {
  switch (method) {
    case 'sendMessage':
      await ctx.reply(content, options, signal);
      return;
    case 'sendPhoto':
      await ctx.replyWithPhoto(content, options, signal);
      return;
    case 'sendDocument':
      await ctx.replyWithDocument(content, options, signal);
      return;
    default:
      method satisfies never;
  }
}
