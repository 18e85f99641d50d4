import { type ChildProcess, type Serializable, spawn } from 'node:child_process';
import { once } from 'node:events';
import { waitFor } from './wait.ts';

/** How a program is started. */
export interface ProgramOptions {
  /** What the output must hold before the program counts as started. */
  readonly until?: RegExp;
  readonly timeoutMs?: number;
  /** Laid over the environment of the tests. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** In a process group of its own, which signals are sent to, as a terminal's Ctrl-C is. */
  readonly group?: boolean;
  /** As whom it runs, where the tests are root. */
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

/** How a script is started. */
export interface ScriptOptions extends ProgramOptions {
  readonly args?: readonly string[];
  readonly nodeFlags?: readonly string[];
}

/** How a program ended. */
export interface ProgramExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Starts `command` without a shell; resolves once `until` has appeared in its output. */
export async function startProgram(
  [command = '', ...args]: readonly string[],
  options: ProgramOptions = {},
): Promise<Program> {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, ...options.env },
    cwd: options.cwd,
    detached: options.group,
    uid: options.uid,
    gid: options.gid,
  });
  const { until, timeoutMs = 20_000, group = false } = options;
  const program = new Program(child, group);
  if (until) {
    try {
      await program.says(until, timeoutMs);
    } catch (error) {
      await program.stop('SIGKILL');
      throw error;
    }
  }
  return program;
}

/** Starts a TypeScript file of ours with the Node that runs the tests. */
export function startScript(path: string, options: ScriptOptions = {}): Promise<Program> {
  const { nodeFlags = [], args = [], ...others } = options;
  return startProgram([process.execPath, ...nodeFlags, path, ...args], others);
}

/** A child process. Ends with the tests at the latest; leaving an `await using` kills it. */
export class Program implements AsyncDisposable {
  /** Resolves when it has ended and all of its output is here. */
  readonly exited: Promise<ProgramExit>;
  readonly #child: ChildProcess;
  readonly #group: boolean;
  #output = '';
  #ended = false;

  constructor(child: ChildProcess, group: boolean) {
    this.#child = child;
    this.#group = group;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    }
    const killWithTests = (): void => this.signal('SIGKILL');
    process.once('exit', killWithTests);
    this.exited = once(child, 'close').then(([code, signal]) => {
      this.#ended = true;
      process.off('exit', killWithTests);
      return { code, signal };
    });
    this.exited.catch((error: unknown) => {
      this.#ended = true;
      this.#output += String(error);
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Everything that it wrote so far, to either stream. */
  get output(): string {
    return this.#output;
  }

  /** Resolves once `text` stands in its output; rejects when it ends before, or at the deadline. */
  async says(text: RegExp, timeoutMs = 20_000): Promise<void> {
    try {
      await waitFor(`${text} in a program's output`, () => text.test(this.#output) || this.#ended, {
        timeoutMs,
      });
      if (!text.test(this.#output)) throw new Error(`a program ended before it wrote ${text}`);
    } catch (error) {
      throw new Error(`${String(error)}\nIt wrote:\n${this.#output}`, { cause: error });
    }
  }

  /** Sends `request` to a script that answers each message with one; one request at a time. */
  async ask<Answer>(request: Serializable): Promise<Answer> {
    const answered = once(this.#child, 'message').then(([answer]) => answer as Answer);
    this.#child.send(request);
    return Promise.race([answered, this.exited.then(() => this.#diedUnasked())]);
  }

  /** Sends `signal` to this one process, or to its group, and waits for its end. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<ProgramExit> {
    this.signal(signal);
    return this.exited;
  }

  /** Sends `signal` to this one process, or to its group; nothing happens where it has ended. */
  signal(signal: NodeJS.Signals): void {
    if (this.#ended || this.#child.pid === undefined) return;
    if (!this.#group) {
      this.#child.kill(signal);
      return;
    }
    try {
      process.kill(-this.#child.pid, signal);
    } catch {
      // The group has just ended by itself.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL');
  }

  #diedUnasked(): never {
    throw new Error(`a program ended instead of answering. It wrote:\n${this.#output}`);
  }
}
