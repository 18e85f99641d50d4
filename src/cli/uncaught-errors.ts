import type { Counter } from 'prom-client';
import { errorMessage } from '../lib/errors.ts';
import type { Log } from '../telemetry/log.ts';

/** What is done about errors that nobody caught. */
export interface UncaughtErrorOptions {
  /** Lays the error at the door of the bot in whose work it came up; false where that is none. */
  readonly blame: (error: unknown) => boolean;
  readonly log: Log;
  /** Ends the process. */
  readonly exit: (code: number) => void;
  /** Counts those that were a bot's. */
  readonly counter?: Counter;
}

const EXIT_CODE = 1;

/**
 * Keeps an error that nobody caught, in a callback or in a promise that nobody awaited, to the bot
 * that it belongs to. One that belongs to no bot is logged and ends the process, since nobody knows
 * what state it left behind; updates in hand come again. Holds until disposed of.
 */
export function handleUncaughtErrors(options: UncaughtErrorOptions): Disposable {
  const { blame, log, exit, counter } = options;
  const onError = (error: unknown): void => {
    if (blame(error)) {
      counter?.inc();
      return;
    }
    log.fatal({ err: error }, `nobody caught this, and no bot owns it: ${errorMessage(error)}`);
    exit(EXIT_CODE);
  };
  process.on('uncaughtException', onError);
  process.on('unhandledRejection', onError);
  return {
    [Symbol.dispose]() {
      process.off('uncaughtException', onError);
      process.off('unhandledRejection', onError);
    },
  };
}
