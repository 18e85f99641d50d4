import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Manifest } from '../api/manifest.ts';
import { type Clock, sleep } from '../lib/clock.ts';
import { errorMessage } from '../lib/errors.ts';
import type { Secret } from '../lib/secret.ts';
import type { Log } from '../telemetry/log.ts';
import { findSigningKeys, secretsAmong } from './reconcile/secrets.ts';

/** The service ends with this program however that ends: its standard input is then closed. */
const END_WITH_PARENT = `data:text/javascript,${encodeURIComponent(
  "process.stdin.on('end', () => process.exit(0)).resume();",
)}`;
const KILL_AFTER_MS = 1_000;

/** Which of the sample bots the service belongs to. */
const SAMPLE_BOT = 'default/echo';

/** What a {@link SampleService} is started with. */
export interface SampleServiceOptions {
  /** The program, in plain Node. */
  readonly program: URL;
  /** Tells where the service is to listen, and its signing key. */
  readonly objects: Iterable<Manifest>;
  readonly clock: Clock;
  readonly log: Log;
}

/** The HTTP service behind the sample bot that forwards, as a child process. */
export class SampleService {
  readonly #child: ChildProcess;
  readonly #clock: Clock;
  readonly #ended: Promise<void>;

  /**
   * Starts the service where the sample bot's own manifest says, and resolves when it listens or
   * has failed, which is logged: the bot then says that its service is away.
   */
  static async start(options: SampleServiceOptions): Promise<SampleService | undefined> {
    const target = findTarget(options.objects);
    if (!target) return undefined;
    const service = new SampleService(options, target);
    await service.#listens(options.log, target);
    return service;
  }

  private constructor({ program, clock }: SampleServiceOptions, { port, signingKey }: Target) {
    this.#clock = clock;
    const args = ['--import', END_WITH_PARENT, fileURLToPath(program), '--port', port];
    this.#child = spawn(process.execPath, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { SIGNING_KEY: signingKey.reveal() },
      // A group of its own: a Ctrl-C in the terminal is for this program, which drains first.
      detached: true,
    });
    this.#ended = new Promise((resolve) => {
      this.#child.once('close', () => resolve());
      this.#child.once('error', () => resolve());
    });
  }

  /** Ends the service, by force after a second. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const patience = new AbortController();
    const kill = async (): Promise<void> => {
      await sleep(this.#clock, KILL_AFTER_MS, patience.signal);
      this.#child.kill('SIGKILL');
    };
    const killing = kill().catch(() => undefined);
    await this.#ended;
    patience.abort();
    await killing;
  }

  #listens(log: Log, { port }: Target): Promise<void> {
    const { stdout, stderr } = this.#child;
    const trouble: string[] = [];
    if (stderr) {
      createInterface(stderr).on('line', (line) => {
        trouble.push(line);
        log.warn(line);
      });
    }
    let listens = false;
    return new Promise((resolve) => {
      if (stdout) {
        createInterface(stdout).once('line', () => {
          listens = true;
          resolve();
        });
      }
      this.#child.once('error', (error) => trouble.push(errorMessage(error)));
      void this.#ended.then(() => {
        if (!listens) {
          log.warn(
            `the sample service does not run (${trouble.at(-1) ?? 'it ended'}), so that the bot echo has nobody to ask. Free port ${port}, then start again`,
          );
        }
        return resolve();
      });
    });
  }
}

interface Target {
  readonly port: string;
  readonly signingKey: Secret;
}

function findTarget(objects: Iterable<Manifest>): Target | undefined {
  const all = [...objects];
  const secrets = secretsAmong(all);
  for (const { kind, object } of all) {
    if (kind !== 'TenantBot') continue;
    const { namespace, name } = object.metadata;
    if (`${namespace}/${name}` !== SAMPLE_BOT) continue;
    const keys = findSigningKeys(secrets, namespace, object.spec);
    if ('message' in keys) return undefined;
    for (const [index, signingKey] of keys) {
      const url = object.spec.handlers[index]?.forward?.url;
      if (url !== undefined) return { port: new URL(url).port, signingKey };
    }
  }
  return undefined;
}
