import type { Context } from 'grammy';
import { type CallbackHandler, MAX_ANSWER_CHARACTERS } from '../../api/button-handlers.ts';
import type { Log } from '../../telemetry/log.ts';
import type { UpdateHandler } from './handler.ts';
import { keyboard, parseModeOption, valuesOf } from './message.ts';
import { compileTemplate } from './render.ts';
import { compileReply, type GrammySignal, type SendReply } from './reply.ts';

/**
 * A handler that answers presses of the bot's own buttons by their data. First the message changes,
 * then a reply is sent; the press itself is answered last and whatever became of these, since the
 * button shows that it waits until then.
 */
export function compileCallback(handler: CallbackHandler, log: Log): UpdateHandler {
  const { edit, reply } = handler;
  const first = [
    ...(edit ? [editing(edit, log)] : []),
    ...(reply ? [compileReply(reply, log)] : []),
  ];
  const answer = answering(handler);
  return {
    kinds: ['callback_query'],
    handle({ ctx }, signal) {
      const args = argsOf(handler, ctx.callbackQuery?.data);
      return args === undefined ? undefined : respond(ctx, args, signal);
    },
  };

  async function respond(ctx: Context, args: string, signal: AbortSignal): Promise<void> {
    try {
      for (const act of first) await act(ctx, args, signal);
    } finally {
      await answer(ctx, args, signal);
    }
  }
}

/** What follows the prefix, nothing where the whole data fits; undefined where it does not. */
function argsOf(
  { data, prefix = '' }: CallbackHandler,
  pressed: string | undefined,
): string | undefined {
  if (pressed === undefined) return undefined;
  if (data !== undefined) return pressed === data ? '' : undefined;
  return pressed.startsWith(prefix) ? pressed.slice(prefix.length) : undefined;
}

function editing(edit: NonNullable<CallbackHandler['edit']>, log: Log): SendReply {
  const render = compileTemplate(edit);
  const options = { ...parseModeOption(edit.parseMode), ...keyboard(edit.buttons) };
  return async (ctx, args, signal) => {
    const text = render(valuesOf(ctx, args));
    if (text.trim() === '' || !isChangeable(ctx)) {
      log.warn({ updateId: ctx.update.update_id }, 'message not changed: too old, or left empty');
      return;
    }
    await ctx
      .editMessageText(text, options, signal as GrammySignal)
      // A button pressed twice changes nothing the second time, which Telegram calls an error.
      .catch(unless('message is not modified'));
  };
}

/** Of messages of long ago Telegram tells no more than that they were: their date is 0. */
function isChangeable({ callbackQuery }: Context): boolean {
  if (callbackQuery?.inline_message_id !== undefined) return true;
  return (callbackQuery?.message?.date ?? 0) > 0;
}

function answering({ answer }: CallbackHandler): SendReply {
  if (!answer) return (ctx, _args, signal) => answerPress(ctx, {}, signal);
  const render = compileTemplate({ text: answer.text, parseMode: 'None' }, MAX_ANSWER_CHARACTERS);
  return (ctx, args, signal) =>
    answerPress(ctx, { text: render(valuesOf(ctx, args)), show_alert: answer.alert }, signal);
}

async function answerPress(ctx: Context, words: object, signal: AbortSignal): Promise<void> {
  await ctx.answerCallbackQuery(words, signal as GrammySignal).catch(unless('query is too old'));
}

/** Lets an error be where Telegram's words for it hold `words`; throws it otherwise. */
function unless(words: string): (error: unknown) => void {
  return (error) => {
    const { description } = error as { readonly description?: unknown };
    if (typeof description !== 'string' || !description.includes(words)) throw error;
  };
}
