/** What everything that may take minutes is given. */
export interface WorkOptions {
  /** Takes lines for the person who waits. */
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}
