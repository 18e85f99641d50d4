import type { Log } from '../telemetry/log.ts';
import { type ManifestProblem, problemLine } from './manifests/place.ts';

/** What is wrong with manifests now. Each problem is logged once, when it appears. */
export class ProblemLog {
  readonly #log: Log;
  #current: readonly ManifestProblem[] = [];

  constructor(log: Log) {
    this.#log = log;
  }

  get current(): readonly ManifestProblem[] {
    return this.#current;
  }

  /** Takes the problems that there are now. */
  tell(problems: readonly ManifestProblem[]): void {
    const known = new Set(this.#current.map(problemLine));
    for (const problem of problems) {
      const line = problemLine(problem);
      if (!known.has(line)) this.#log.warn(line);
    }
    if (this.#current.length > 0 && problems.length === 0) this.#log.info('all manifests are fine');
    this.#current = problems;
  }
}
