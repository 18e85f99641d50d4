import { CommanderError } from 'commander';

/** What the program's exit code says; docs/cli.md tells the same. */
export const EXIT_CODES = {
  /** All was done, and is well where that was the question. */
  done: 0,
  /** Something was not done, can't be had, or is not well; stderr says what. */
  failed: 1,
  /** The command line makes no sense: nothing was tried. */
  usage: 2,
} as const;

/** With which code a program ends that `error` has ended. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof CommanderError)) return EXIT_CODES.failed;
  // Asking for help is no fault.
  return error.exitCode === 0 ? EXIT_CODES.done : EXIT_CODES.usage;
}
