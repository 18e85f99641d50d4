import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Clock, sleep } from '../../lib/clock.ts';
import { environmentError, errorCode, TenantBotError } from '../../lib/errors.ts';
import { freePort } from '../../lib/free-port.ts';
import { Secret } from '../../lib/secret.ts';
import { within } from '../../lib/within.ts';
import { openDatabase } from '../database.ts';
import { type DatabaseAddress, parseDatabaseUrl } from '../database-address.ts';
import { type ClusterOptions, ensureCluster, OWNER } from './cluster.ts';
import { LastWords } from './last-words.ts';
import { endOrphan } from './orphan.ts';
import { findPrograms } from './programs.ts';
import { accountFor } from './unprivileged.ts';

/** After a crash it may have to work through its log first. */
const READY_WITHIN_MS = 120_000;
const STOP_WITHIN_MS = 20_000;
const ASK_EVERY_MS = 20;
/** Somebody may take the free port first; what a killed server left may take a moment to go. */
const ATTEMPTS = 3;
const NEXT_ATTEMPT_MS = 300;
/** What it says of itself while it starts. */
const NOT_YET = new Set(['DATABASE_UNREACHABLE', 'DATABASE_STARTING', 'DATABASE_BROKE_OFF']);

/** A Postgres of our own, as a child process. */
export interface EmbeddedServer {
  readonly address: DatabaseAddress;
  /** Resolves when it has ended, for whatever reason. */
  readonly exited: Promise<unknown>;
  /**
   * Ends it in order, or at once where that takes longer than `withinMs`; resolves when it has
   * ended. What was committed is kept either way.
   */
  readonly stop: (withinMs?: number) => Promise<void>;
}

/**
 * Starts a Postgres with its data in `folder`, which is made where it is missing; the folder above
 * it is there, and nobody else's. It listens on a free port of 127.0.0.1, wants a password, and
 * never runs as root. What an earlier run left running there is ended first. Resolves when it
 * answers; rejects in words where it can't be had.
 */
export async function startEmbedded(
  folder: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<EmbeddedServer> {
  const programs = await findPrograms();
  try {
    const account = await accountFor(folder, programs.postgres);
    const cluster = { folder, programs, account };
    await endOrphan(folder, clock, signal);
    const password = await ensureCluster(cluster);
    for (let attempt = 1; ; attempt++) {
      const start = new Start(cluster, clock);
      try {
        return await start.ready(password, signal);
      } catch (error) {
        await start.stop();
        if (signal.aborted || attempt === ATTEMPTS) throw error;
      }
      await sleep(clock, NEXT_ATTEMPT_MS, signal);
    }
  } catch (error) {
    if (error instanceof TenantBotError || signal.aborted) throw error;
    throw environmentError(
      'EMBEDDED_POSTGRES_FAILED',
      `the folder ${folder} can't be used for the history: ${fault(error)}`,
      error,
    );
  }
}

function fault(error: unknown): string {
  const code = errorCode(error);
  if (code === 'EACCES' || code === 'EPERM') return 'this program may not read and write there';
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'the disk is full';
  return code ?? String(error);
}

/** One attempt to start it. */
class Start {
  readonly #cluster: ClusterOptions;
  readonly #clock: Clock;
  readonly #words = new LastWords();
  #child: ChildProcess | undefined;
  #exited: Promise<unknown> = Promise.resolve();
  #ended = false;

  constructor(cluster: ClusterOptions, clock: Clock) {
    this.#cluster = cluster;
    this.#clock = clock;
  }

  async ready(password: Secret, signal: AbortSignal): Promise<EmbeddedServer> {
    const port = await freePort();
    signal.throwIfAborted();
    this.#spawn(port);
    const url = `postgres://${OWNER}:${password.reveal()}@127.0.0.1:${port}/${OWNER}`;
    const address = parseDatabaseUrl(new Secret(url));
    const deadlineMs = this.#clock.monotonicMs() + READY_WITHIN_MS;
    while (!(await answers(address))) {
      if (this.#ended) throw this.#failed(String(this.#words));
      if (this.#clock.monotonicMs() > deadlineMs) throw this.#failed('it does not answer');
      await sleep(this.#clock, ASK_EVERY_MS, signal);
    }
    return { address, exited: this.#exited, stop: (withinMs) => this.stop(withinMs) };
  }

  /** Fast, then at once: what was committed is kept either way. */
  async stop(withinMs = STOP_WITHIN_MS): Promise<void> {
    for (const how of ['SIGINT', 'SIGQUIT'] as const) {
      if (this.#ended) return;
      this.#child?.kill(how);
      await within(this.#clock, withinMs, this.#exited);
    }
  }

  #spawn(port: number): void {
    const { programs, folder, account } = this.#cluster;
    const settings = [
      `port=${port}`,
      'listen_addresses=127.0.0.1',
      'unix_socket_directories=',
      'max_connections=20',
      'shared_buffers=64MB',
    ];
    const flags = settings.flatMap((setting) => ['-c', setting]);
    const child = spawn(programs.postgres, ['-D', folder, ...flags], {
      ...account,
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      // A Ctrl-C is meant for us: we end it when nobody needs it any longer.
      detached: true,
    });
    this.#child = child;
    this.#words.listen(child.stderr);
    this.#exited = once(child, 'close').then(
      () => (this.#ended = true),
      () => (this.#ended = true),
    );
  }

  #failed(why: string): Error {
    const { folder } = this.#cluster;
    return environmentError(
      'EMBEDDED_POSTGRES_FAILED',
      `the Postgres of the history in ${folder} can't be started: ${why}`,
    );
  }
}

async function answers(address: DatabaseAddress): Promise<boolean> {
  try {
    const database = await openDatabase(address);
    await database.destroy();
    return true;
  } catch (error) {
    if (NOT_YET.has(errorCode(error) ?? '')) return false;
    throw error;
  }
}
