import type { Program } from '../support/program.ts';
import { waitFor } from '../support/wait.ts';
import type { Contestant } from './contestants.ts';
import type { ServerAddress, ServerLoad, ServerRequest } from './server.ts';

/** What a measure works with. */
export interface Bench {
  readonly server: BenchServer;
  readonly contestants: readonly Contestant[];
  /** For what is built or written; gone after the run. */
  readonly folder: string;
  /** Fewer rounds, fewer bots. */
  readonly quick: boolean;
  /** Tells whoever waits how far it is. */
  readonly say: (words: string) => void;
}

/** Something that can be measured by itself. Resolves with what to print, Markdown. */
export type Measure = (bench: Bench) => Promise<string>;

const PATIENCE_MS = 120_000;

/** The one server process that all clients of a run talk to, in turns. */
export class BenchServer {
  readonly #program: Program;

  constructor(program: Program) {
    this.#program = program;
  }

  ask<Answer>(request: ServerRequest): Promise<Answer> {
    return this.#program.ask<Answer>(request);
  }

  /** Resolves once `check` holds of the load. */
  loadIs(description: string, check: (load: ServerLoad) => boolean): Promise<unknown> {
    const holds = async () => check(await this.ask<ServerLoad>({ kind: 'load' }));
    return waitFor(description, holds, { timeoutMs: PATIENCE_MS });
  }

  /** Starts a client once nothing is left of the one before. */
  async start(contestant: Contestant): Promise<Program> {
    await this.loadIs("the end of the last client's connections", (load) => load.connections === 0);
    await this.ask({ kind: 'reset' });
    return contestant.start(await this.ask<ServerAddress>({ kind: 'address' }));
  }
}

/** Tokens of the right form: the server tells bots apart by the number alone. */
export function tokens(from: number, to: number): string[] {
  return Array.from(
    { length: to - from },
    (_, index) => `${100_000 + from + index}:${'A'.repeat(35)}`,
  );
}
