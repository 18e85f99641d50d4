import { RE2JS, RE2Set } from 're2js';
import type { TextHandler } from '../../api/handlers.ts';
import { MAX_MESSAGE_CHARACTERS } from '../../api/reply.ts';
import { inputError } from '../../lib/errors.ts';
import type { Log } from '../../telemetry/log.ts';
import type { UpdateHandler } from './handler.ts';
import { messageText, TEXT_KINDS } from './message-text.ts';
import { compileReply } from './reply.ts';

/**
 * How large a compiled pattern may be. Time is linear in the text but also in this, and all bots of
 * a process share it: at the limit, the worst pattern takes about 0.2 s for the longest message.
 */
const MAX_PROGRAM_SIZE = 1_000;

/** What a pattern may remember of what it has seen, in bytes; with more it would be no faster. */
const MAX_PATTERN_MEMORY = 256 * 1024;

/**
 * A handler that answers messages by their text or caption.
 *
 * @throws an input error where the pattern is too costly to run beside other bots
 */
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

/** What a text handler asks of a text. Takes linear time, also for hostile patterns and texts. */
export function compileMatch(
  match: Pick<TextHandler, 'exact' | 'prefix' | 'pattern' | 'ignoreCase'>,
): (text: string) => boolean {
  const { exact, prefix, pattern, ignoreCase } = match;
  if (pattern !== undefined) {
    const compiled = compilePattern(pattern, ignoreCase);
    // Telegram sends no longer text; whoever else does gets no more of our time.
    return (text) => compiled.match(text.slice(0, MAX_MESSAGE_CHARACTERS)).length > 0;
  }
  const form = ignoreCase ? foldCase : (text: string) => text;
  if (exact !== undefined) {
    const whole = form(exact);
    return (text) => form(text) === whole;
  }
  const start = form(prefix ?? '');
  return (text) => form(text).startsWith(start);
}

/** A set of one: only of a set can the memory be bounded. */
function compilePattern(pattern: string, ignoreCase: boolean): RE2Set {
  const flags = ignoreCase ? RE2JS.CASE_INSENSITIVE : 0;
  const size = RE2JS.compile(pattern, flags).programSize();
  if (size > MAX_PROGRAM_SIZE) throw tooCostly(pattern, size);
  const compiled = new RE2Set(RE2Set.UNANCHORED, flags, MAX_PATTERN_MEMORY);
  compiled.add(pattern);
  compiled.compile();
  return compiled;
}

function tooCostly(pattern: string, size: number): Error {
  return inputError(
    'PATTERN_TOO_COSTLY',
    `the text pattern ${JSON.stringify(pattern)} compiles to ${size} steps, at most ${MAX_PROGRAM_SIZE} are possible; shorten its repetitions such as {1,500}`,
  );
}

/**
 * A form in which texts that differ only in case are equal. Upper case joins what lower case keeps
 * apart (ß and SS, σ and ς); lower case before it, what upper case does (ẞ and ß).
 */
function foldCase(text: string): string {
  return text.toLowerCase().toUpperCase().normalize('NFC');
}
