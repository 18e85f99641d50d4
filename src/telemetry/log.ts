import { type DestinationStream, type Level, type Logger, pino, stdTimeFunctions } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { type Clock, systemClock } from '../lib/clock.ts';
import { redactTokens } from '../lib/secret.ts';
import { BOT_LINES, LineLimit, REPEATED_ERRORS } from './line-limit.ts';

/** A structured logger: `log.info({ updateId }, 'words for people')`. */
export type Log = Logger;

export const LOG_FORMATS = ['text', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** How lines are written, and where. */
export interface LogOptions {
  readonly level: Level;
  /** `text` for people at a terminal, `json` for programs: one object a line. */
  readonly format: LogFormat;
  readonly destination: DestinationStream;
  /** Where they are written as well, as JSON. */
  readonly file?: DestinationStream | undefined;
  /** Hears of each line that is written, as JSON. */
  readonly onLine?: (line: string) => void;
  readonly clock?: Clock;
}

/**
 * The root logger. Whatever reaches it, what looks like a bot token leaves it as `[secret]`; values
 * wrapped in `Secret` never show at all. A bot that has too much to say is cut short, and so is an
 * error that comes again and again, as {@link LineLimit} has it.
 */
export function createLog(options: LogOptions): Log {
  const format =
    options.format === 'text'
      ? prettyFactory({ colorize: false, ignore: 'pid,hostname', singleLine: true })
      : (line: string) => line;
  const { clock = systemClock, destination, file, onLine } = options;
  const errors = new LineLimit(REPEATED_ERRORS, clock);
  const bots = new LineLimit(BOT_LINES, clock);
  const stream: DestinationStream = {
    write(text) {
      for (const line of errors.pass(text).flatMap((sample) => bots.pass(sample))) {
        destination.write(redactTokens(format(line) ?? ''));
        const json = redactTokens(line);
        file?.write(json);
        onLine?.(json);
      }
    },
  };
  return pino({ level: options.level, timestamp: stdTimeFunctions.isoTime, base: null }, stream);
}

/** A logger for one bot with a level of its own; every line names the bot. */
export function botLog(log: Log, bot: string, level: Level): Log {
  return log.child({ bot }, { level });
}
