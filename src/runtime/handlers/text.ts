import { RE2JS } from 're2js';
import { MAX_MESSAGE_CHARACTERS, type TextHandler } from '../../api/handlers.ts';
import type { Log } from '../../telemetry/log.ts';
import type { UpdateHandler } from './handler.ts';
import { messageText, TEXT_KINDS } from './message-text.ts';
import { compileReply } from './reply.ts';

/** A handler that answers messages by their text or caption. */
export function compileText(handler: TextHandler, log: Log): UpdateHandler {
  const fits = compileMatch(handler);
  const reply = compileReply(handler.reply, log);
  return {
    kinds: TEXT_KINDS,
    handle({ ctx }, signal) {
      const message = messageText(ctx);
      return message && fits(message.text) ? reply(ctx, '', signal) : undefined;
    },
  };
}

/** What a text handler asks of a text. Takes linear time, also for hostile patterns. */
export function compileMatch(
  match: Pick<TextHandler, 'exact' | 'prefix' | 'pattern' | 'ignoreCase'>,
): (text: string) => boolean {
  const { exact, prefix, pattern, ignoreCase } = match;
  if (pattern !== undefined) {
    const compiled = RE2JS.compile(pattern, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
    // Telegram sends no longer text; whoever else does gets no more of our time.
    return (text) => compiled.test(text.slice(0, MAX_MESSAGE_CHARACTERS));
  }
  const form = ignoreCase ? foldCase : (text: string) => text;
  if (exact !== undefined) {
    const whole = form(exact);
    return (text) => form(text) === whole;
  }
  const start = form(prefix ?? '');
  return (text) => form(text).startsWith(start);
}

/**
 * A form in which texts that differ only in case are equal. Upper case joins what lower case keeps
 * apart (ß and SS, σ and ς); lower case before it, what upper case does (ẞ and ß).
 */
function foldCase(text: string): string {
  return text.toLowerCase().toUpperCase().normalize('NFC');
}
