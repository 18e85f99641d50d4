import { spawn } from 'node:child_process';
import { environmentError } from '../../../src/lib/errors.ts';

/** How a program is run. */
export interface RunOptions {
  /** Its standard input; none unless given. */
  readonly input?: NodeJS.ReadableStream | undefined;
  /** Its whole environment; that of this process unless given. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Gets every line that it writes to either stream as it comes. */
  readonly onLine?: (line: string) => void;
}

/** Runs a program without a shell: its standard output. Rejects with its last words otherwise. */
export function runProgram(
  [command = '', ...args]: readonly string[],
  { input, env, cwd, onLine }: RunOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      env: env ?? process.env,
      cwd,
    });
    let output = '';
    let said = '';
    const hear = (text: string): void => {
      said = (said + text).slice(-4_000);
      if (onLine) text.trimEnd().split('\n').forEach(onLine);
    };
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      hear(text);
    });
    child.stderr?.setEncoding('utf8').on('data', hear);
    // A program that fails closes its input early; its exit code says so.
    child.stdin?.on('error', () => {});
    if (child.stdin) input?.pipe(child.stdin);
    child.once('error', (error) =>
      reject(environmentError('PROGRAM', `cannot run ${command}: ${error.message}`, error)),
    );
    child.once('close', (code, signal) => {
      if (code === 0) resolve(output);
      else {
        const how = signal === null ? `exit code ${code}` : signal;
        const line = [command, ...args].join(' ').slice(0, 300);
        reject(
          environmentError('PROGRAM', `\`${line}\` failed (${how}); it said last:\n${said.trim()}`),
        );
      }
    });
  });
}
