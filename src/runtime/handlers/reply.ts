import type { Context } from 'grammy';
import type { Reply } from '../../api/handlers.ts';
import type { Log } from '../../telemetry/log.ts';
import { compileTemplate } from './render.ts';

/** Answers the update in `ctx`; `args` is what followed the command, if there was one. */
export type SendReply = (ctx: Context, args: string, signal: AbortSignal) => Promise<void>;

/** grammY types signals by an older declaration of the same thing. */
type GrammySignal = NonNullable<Parameters<Context['reply']>[2]>;

/**
 * A function that sends `reply` to the chat, and to the topic, that the update came from. A reply
 * in which nothing is left to read is not sent but logged, since Telegram would refuse it.
 */
export function compileReply(reply: Reply, log: Log): SendReply {
  const render = compileTemplate(reply);
  const options = reply.parseMode === 'None' ? {} : { parse_mode: reply.parseMode };
  return async (ctx, args, signal) => {
    const text = render({
      firstName: ctx.from?.first_name ?? '',
      username: ctx.from?.username ?? '',
      args,
      botName: ctx.me.first_name,
    });
    if (text.trim() === '') {
      log.warn({ updateId: ctx.update.update_id }, 'reply not sent: nothing is left of its text');
      return;
    }
    await ctx.reply(text, options, signal as GrammySignal);
  };
}
