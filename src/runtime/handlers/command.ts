import type { CommandHandler } from '../../api/handlers.ts';
import type { Log } from '../../telemetry/log.ts';
import type { UpdateHandler } from './handler.ts';
import { type MessageText, messageText, TEXT_KINDS } from './message-text.ts';
import { compileReply } from './reply.ts';

/** A command as somebody sent it. */
export interface SentCommand {
  /** Without the slash, as it was typed. */
  readonly name: string;
  /** The bot that it names, as in `/start@bot`. */
  readonly bot: string | undefined;
  /** What follows, without white space around it. */
  readonly args: string;
}

/** The same limits as Telegram's own search for commands. */
const COMMAND = /^\/(\w{1,64})(?:@(\w{3,32}))?(?![\w/<>@])/;

/** A handler that answers `/name` and `/name@bot`, in any case, at the start of a message. */
export function compileCommand(handler: CommandHandler, log: Log): UpdateHandler {
  const name = handler.name.toLowerCase();
  const reply = compileReply(handler.reply, log);
  return {
    kinds: TEXT_KINDS,
    handle({ ctx }, signal) {
      const message = messageText(ctx);
      const sent = message && parseCommand(message);
      if (sent?.name.toLowerCase() !== name) return undefined;
      if (!isFor(sent, ctx.me.username)) return undefined;
      return reply(ctx, sent.args, signal);
    },
  };
}

/** Whether a command may be meant for the bot of that name. */
export function isFor({ bot }: SentCommand, username: string): boolean {
  return !bot || bot.toLowerCase() === username.toLowerCase();
}

/**
 * The command that a message begins with, if it begins with one. Where Telegram has marked one
 * there, it ends where Telegram says; else the text alone decides.
 */
export function parseCommand({ text, entities }: MessageText): SentCommand | undefined {
  const marked = entities.find(({ type, offset }) => type === 'bot_command' && offset === 0);
  const match = COMMAND.exec(marked ? text.slice(0, marked.length) : text);
  if (!match) return undefined;
  const [whole, name = '', bot] = match;
  return { name, bot, args: text.slice(whole.length).trim() };
}
