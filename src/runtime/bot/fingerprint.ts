import { createHash } from 'node:crypto';
import type { BotError } from '../../api/tenant-bot-status.ts';
import { toTimestamp } from '../../lib/clock.ts';
import { errorCode, errorMessage } from '../../lib/errors.ts';
import type { CallError } from '../telegram/call-error.ts';

const MAX_MESSAGE_CHARACTERS = 1024;

/** `error` as a status shows it. `time` is RFC 3339. */
export function toBotError(error: unknown, time: string): BotError {
  const message = errorMessage(error) || 'an error without a message';
  return {
    time,
    fingerprint: fingerprintOf(error),
    message: message.slice(0, MAX_MESSAGE_CHARACTERS).toWellFormed(),
  };
}

/** The same for an error that `error` is waited out after: with the time at which Telegram's pause ends. */
export function toPauseError(error: CallError, wallMs: number): BotError {
  const told = toBotError(error, toTimestamp(wallMs));
  if (error.fault !== 'rate-limited' || error.retryAfterMs === undefined) return told;
  const until = toTimestamp(wallMs + error.retryAfterMs);
  return { ...told, message: `${told.message} The bot goes on after ${until}.` };
}

/**
 * Twelve hexadecimal digits that are the same for errors of the same cause: class, code and
 * message count, but no number, quoted word, address or id in it.
 */
export function fingerprintOf(error: unknown): string {
  const kind = error instanceof Error ? error.name : typeof error;
  const parts = [kind, errorCode(error) ?? '', normalize(errorMessage(error))];
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 12);
}

/**
 * `error` in words that hold nobody's data: no number, quoted word, name, address or id. Of 1 to
 * 1,024 characters that every database takes.
 */
export function sampleOf(error: unknown): string {
  return withoutData(errorMessage(error)) || 'an error without a message';
}

/** `message` in the same way. */
export function withoutData(message: string): string {
  // A placeholder may be longer than what it stands for.
  return normalize(message).slice(0, MAX_MESSAGE_CHARACTERS).toWellFormed();
}

function normalize(message: string): string {
  return message
    .slice(0, MAX_MESSAGE_CHARACTERS)
    .replaceAll(/\p{Cc}+/gu, ' ')
    .replaceAll(/https?:\/\/\S+/g, '<url>')
    .replaceAll(/"[^"]*"|'[^']*'|`[^`]*`/g, '<text>')
    .replaceAll(/@\w+/g, '<name>')
    .replaceAll(/\b(?=\w*\d)[\w-]{8,}\b/g, '<id>')
    .replaceAll(/\d+/g, '<n>');
}
