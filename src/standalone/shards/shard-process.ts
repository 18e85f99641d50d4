import { type ChildProcess, spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type ShardId, shardName } from '../../control/shard-id.ts';
import { type BackoffPolicy, equalJitterMs } from '../../lib/backoff.ts';
import { type Clock, sleep, type Timer } from '../../lib/clock.ts';
import { errorMessage } from '../../lib/errors.ts';
import { type Random, randomToken } from '../../lib/random.ts';
import { Secret } from '../../lib/secret.ts';
import type { Log } from '../../telemetry/log.ts';
import { writeFileAtomically } from '../data/atomic-file.ts';
import { processFile, recordProcess } from './earlier-processes.ts';
import type { ShardControl } from './shard-control.ts';

/** How `tenantbot runtime` is started. */
export interface RuntimeProgram {
  /** Program and arguments; flags follow. */
  readonly command: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** What a {@link ShardProcess} works with. */
export interface ShardProcessOptions {
  readonly shard: ShardId;
  readonly folder: string;
  readonly control: ShardControl;
  readonly program: RuntimeProgram;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The process has ended: nothing of it runs any more. */
  readonly onExit: () => void;
}

const AGAIN: BackoffPolicy = { initialMs: 200, maxMs: 30_000 };
/** Who ran for so long has not failed at its start. */
const WELL_MS = 30_000;
/** How long a drain may take before it is cut short. */
const DRAIN_MS = 4_100;
/** A process that was not heard at so many looks hangs, or never came up. */
const SILENT_LOOKS = 30;
const LOOK_EVERY_MS = 1_000;
const HEARD_MS = 3_000;

/**
 * Keeps a process at work for a shard. It ends when this process does, by whatever way: the channel
 * between them closes. What it takes to be told which bots to run is given to it only once it is
 * on record who it is; so a later parent finds all that may run bots.
 */
export class ShardProcess {
  readonly #options: ShardProcessOptions;
  readonly #name: string;

  constructor(options: ShardProcessOptions) {
    this.#options = options;
    this.#name = `${options.shard.fleet}.${options.shard.ordinal}`;
  }

  /** Starts the process, again whenever it ends, until `signal` aborts; then it drains. */
  async start(signal: AbortSignal): Promise<void> {
    const { clock, random, log, shard, onExit } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      const begunMs = clock.monotonicMs();
      const how = await this.#runOnce(signal).catch(errorMessage);
      onExit();
      if (signal.aborted) return;
      if (clock.monotonicMs() - begunMs >= WELL_MS) failures = 0;
      log.warn(`the process of shard ${shardName(shard)} has ended (${how}); it is started again`);
      const delayMs = equalJitterMs(AGAIN, failures++, random);
      await sleep(clock, delayMs, signal).catch(() => undefined);
    }
  }

  /** Resolves to how the process ended. Rejects where there never was one. */
  async #runOnce(signal: AbortSignal): Promise<string> {
    const { folder, control, shard } = this.#options;
    const token = new Secret(randomToken(32));
    const tokenFile = join(folder, `${this.#name}.token`);
    const record = processFile(folder, this.#name);
    await writeFileAtomically(tokenFile, token.reveal());
    const child = this.#spawn(tokenFile);
    const ended = endOf(child);
    // One pod to the hub, in which one process after the other works.
    const caller = { shard, pod: this.#name, podUid: control.hub.instance };
    const admitted = recordProcess(record, child.pid).then(() => caller);
    control.admit(token, admitted);
    const over = new AbortController();
    const watching = this.#watch(child, AbortSignal.any([signal, over.signal]));
    try {
      return await this.#endOf(child, ended, signal);
    } finally {
      over.abort();
      control.dismiss(token);
      await Promise.allSettled([watching, admitted]);
      await Promise.all([rm(record, { force: true }), rm(tokenFile, { force: true })]);
    }
  }

  #spawn(tokenFile: string): ChildProcess {
    const { control, program, shard } = this.#options;
    const [command, ...args] = program.command;
    const flags = [
      `--control-url=${control.url}`,
      `--control-ca=${control.caFile}`,
      `--control-token=${tokenFile}`,
      '--health-host=127.0.0.1',
      '--health-port=0',
      `--log-shard=${shardName(shard)}`,
    ];
    return spawn(command, [...args, ...flags], {
      // What it logs goes where this process logs; by the channel it knows that we live.
      stdio: ['ignore', 2, 2, 'ipc'],
      // Out of reach of a terminal's Ctrl-C: who ends when is said here.
      detached: true,
      env: { ...program.environment },
    });
  }

  /** Waits for the end of the process; has it drain when `signal` aborts, for so long and no longer. */
  async #endOf(child: ChildProcess, ended: Promise<string>, signal: AbortSignal): Promise<string> {
    let timer: Timer | undefined;
    const drain = (): void => {
      child.kill('SIGTERM');
      timer = this.#options.clock.setTimer(DRAIN_MS, () => child.kill('SIGKILL'));
    };
    signal.addEventListener('abort', drain, { once: true });
    if (signal.aborted) drain();
    try {
      return await ended;
    } finally {
      signal.removeEventListener('abort', drain);
      timer?.cancel();
    }
  }

  /** Kills a process that is silent for so long that nothing but a new one helps. */
  async #watch(child: ChildProcess, signal: AbortSignal): Promise<void> {
    const { clock, control, shard, log } = this.#options;
    // Looks are counted, and not time: this process may have been stopped itself.
    for (let silent = 0; !signal.aborted; ) {
      await sleep(clock, LOOK_EVERY_MS, signal).catch(() => undefined);
      const heardMs = control.hub.lastSeen(shard) ?? Number.NEGATIVE_INFINITY;
      silent = clock.monotonicMs() - heardMs < HEARD_MS ? 0 : silent + 1;
      if (silent < SILENT_LOOKS || signal.aborted) continue;
      log.error(`the process of shard ${shardName(shard)} is silent; it is killed`);
      child.kill('SIGKILL');
      return;
    }
  }
}

/** Resolves to how the process ended, when nothing of it runs any more. */
function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    child.on('error', (error) => {
      if (child.pid === undefined) reject(error);
    });
  });
}
