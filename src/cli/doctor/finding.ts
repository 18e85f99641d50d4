/** How it is with what was looked at; `unknown` where it could not be found out. */
export const VERDICTS = ['wrong', 'warning', 'unknown', 'ok'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** One thing that was looked at. */
export interface Finding {
  readonly verdict: Verdict;
  /** What it is about, in a word. */
  readonly check: string;
  /** How it is. */
  readonly message: string;
  /** What to do; where something is to be done. */
  readonly remedy?: string;
}

/** What a check says before its name stands beside it. */
export type Said = Omit<Finding, 'check'>;

export function ok(message: string): Said {
  return { verdict: 'ok', message };
}

export function warning(message: string, remedy: string): Said {
  return { verdict: 'warning', message, remedy };
}

export function wrong(message: string, remedy: string): Said {
  return { verdict: 'wrong', message, remedy };
}

export function unknown(message: string, remedy: string): Said {
  return { verdict: 'unknown', message, remedy };
}

/** `found`, or that all is well where it is empty. */
export function orOk(found: readonly Said[], message: string): readonly Said[] {
  return found.length === 0 ? [ok(message)] : found;
}
