import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PID_FOLDER } from './state-folder.ts';

/** What is started, and where it keeps what it writes. */
export interface DaemonOptions {
  /** Names the log. */
  readonly name: string;
  readonly command: readonly [program: string, ...args: string[]];
  /** A state folder; must occur in `command`, by which a daemon of a dead run is known. */
  readonly folder: string;
}

/** A process that ends with us at the latest, also when we are killed with -9. */
export interface Daemon {
  readonly name: string;
  readonly ended: boolean;
  /** The end of what it wrote. */
  logTail(): Promise<string>;
  /** Kills it, and resolves when it is gone. */
  stop(): Promise<void>;
}

/**
 * Waits for the program, and kills it when its own input ends: that is a pipe whose other end is
 * ours alone, so the kernel closes it whenever and however we end.
 */
const LEASH = `
exec 3<&0
"$@" </dev/null 3<&- &
child=$!
: >"$LEASH_PIDS/$child"
(read -r _ <&3; kill -9 "$child" 2>/dev/null) &
watch=$!
wait "$child"
rm -f "$LEASH_PIDS/$child"
kill "$watch" 2>/dev/null
`;

/** Starts a daemon in a session of its own: a terminal's Ctrl-C is for us to act on. */
export function startDaemon({ name, command, folder }: DaemonOptions): Daemon {
  const logPath = join(folder, `${name}.log`);
  const logFile = openSync(logPath, 'a');
  const child = spawn('sh', ['-c', LEASH, 'leash', ...command], {
    detached: true,
    stdio: ['pipe', logFile, logFile],
    env: { ...withoutProxies(process.env), LEASH_PIDS: join(folder, PID_FOLDER) },
    cwd: folder,
  });
  closeSync(logFile);
  const exited = once(child, 'exit');
  child.stdin?.on('error', () => undefined);
  return {
    name,
    get ended() {
      return child.exitCode !== null || child.signalCode !== null;
    },
    async logTail() {
      const lines = (await readFile(logPath, 'utf8')).trimEnd().split('\n');
      return lines.slice(-15).join('\n');
    },
    async stop() {
      child.stdin?.end();
      await exited;
    },
  };
}

/** Else the API server would send its calls to webhooks and kubelets through the machine's proxy. */
function withoutProxies(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/_proxy$/i.test(name)));
}
