import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { findSigningKeys } from '../api/bot-secrets.ts';
import { keyOf } from '../api/group.ts';
import type { TenantBotManifest } from '../api/manifest.ts';
import { type Clock, sleep } from '../lib/clock.ts';
import { errorMessage } from '../lib/errors.ts';
import type { Secret } from '../lib/secret.ts';
import type { Log } from '../telemetry/log.ts';
import type { ManifestObject } from './manifests/manifest-object.ts';
import type { ManifestSet } from './manifests/manifest-set.ts';
import { secretsAmong } from './reconcile/secrets.ts';

/**
 * The service ends with this program however that ends: its standard input is then closed. That
 * input alone does not keep it alive.
 */
const END_WITH_PARENT = `data:text/javascript,${encodeURIComponent(
  "process.stdin.on('end', () => process.exit(0)).resume().unref();",
)}`;
const KILL_AFTER_MS = 1_000;

/** The sample bot that the service belongs to. */
const SAMPLE_BOT = 'default/echo';

/** What a {@link SampleService} is started with. */
export interface SampleServiceOptions {
  /** The program, in plain Node. */
  readonly program: URL;
  /** Tells where the service is to listen, and its signing key. */
  readonly manifests: ManifestSet;
  readonly clock: Clock;
  readonly log: Log;
}

/** The HTTP service behind the sample bot that forwards, as a child process. */
export class SampleService {
  readonly #process: ServiceProcess;
  readonly #wanted: URL;

  /**
   * Starts the service where the sample bot's manifest wants it, or on another port where that one
   * is taken. Undefined, after a log line, where it does not run at all.
   */
  static async start(options: SampleServiceOptions): Promise<SampleService | undefined> {
    const target = findTarget(options.manifests);
    if (!target) return undefined;
    const { log } = options;
    for (const port of [target.url.port, '0']) {
      const service = new ServiceProcess(options, { port, signingKey: target.signingKey });
      const address = await service.address;
      if (address !== undefined) {
        const moved = address === target.url.origin ? '' : `; ${target.url.port} is in use`;
        log.info(`the service of the sample bot echo listens on ${address}${moved}`);
        return new SampleService(service, target.url, address);
      }
    }
    log.warn('the sample service does not run, so that the bot echo has nobody to ask');
    return undefined;
  }

  readonly #address: string;

  private constructor(process: ServiceProcess, wanted: URL, address: string) {
    this.#process = process;
    this.#wanted = wanted;
    this.#address = address;
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }

  /** The manifests with the sample bot pointed to where the service really listens. */
  redirect(set: ManifestSet): ManifestSet {
    if (this.#wanted.origin === this.#address) return set;
    const objects = new Map(
      Array.from(set.objects, ([id, object]) => [id, this.#redirected(object)] as const),
    );
    return { ...set, objects };
  }

  #redirected(manifest: ManifestObject): ManifestObject {
    if (manifest.kind !== 'TenantBot' || !isSample(manifest.object)) return manifest;
    const { object } = manifest;
    const handlers = object.spec.handlers.map(({ forward, ...handler }) => {
      if (!forward?.url.startsWith(this.#wanted.origin)) return { ...handler, forward };
      const url = forward.url.replace(this.#wanted.origin, this.#address);
      return { ...handler, forward: { ...forward, url } };
    });
    return { ...manifest, object: { ...object, spec: { ...object.spec, handlers } } };
  }
}

/** One run of the program. */
class ServiceProcess {
  /** Where it listens, as an origin; undefined when it has ended without. */
  readonly address: Promise<string | undefined>;
  readonly #child: ChildProcess;
  readonly #clock: Clock;
  readonly #ended: Promise<undefined>;

  constructor(
    { program, clock, log }: SampleServiceOptions,
    { port, signingKey }: { readonly port: string; readonly signingKey: Secret },
  ) {
    this.#clock = clock;
    const args = ['--import', END_WITH_PARENT, fileURLToPath(program), '--port', port];
    const child = spawn(process.execPath, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { SIGNING_KEY: signingKey.reveal() },
      // A group of its own: a Ctrl-C in the terminal is for this program, which drains first.
      detached: true,
    });
    createInterface(child.stderr).on('line', (line) => log.debug(line));
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.once('close', () => resolve(undefined));
      child.once('error', (error) => {
        log.warn(errorMessage(error));
        resolve(undefined);
      });
    });
    const listening = new Promise<string | undefined>((resolve) => {
      createInterface(child.stdout).once('line', (line) => {
        resolve(/http:\/\/\S+/.exec(line)?.[0]);
      });
    });
    this.address = Promise.race([listening, this.#ended]);
  }

  /** Ends the service, by force after a second. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const patience = new AbortController();
    const killing = sleep(this.#clock, KILL_AFTER_MS, patience.signal).then(
      () => this.#child.kill('SIGKILL'),
      () => false,
    );
    await this.#ended;
    patience.abort();
    await killing;
  }
}

/** Where the sample bot expects its service, and the key that they share. */
function findTarget(set: ManifestSet): { url: URL; signingKey: Secret } | undefined {
  const secrets = secretsAmong(set.objects.values());
  for (const { kind, object } of set.objects.values()) {
    if (kind !== 'TenantBot' || !isSample(object)) continue;
    const keys = findSigningKeys(secrets, object.metadata.namespace, object.spec);
    if ('message' in keys) return undefined;
    for (const [index, signingKey] of keys) {
      const url = object.spec.handlers[index]?.forward?.url;
      if (url !== undefined) return { url: new URL(url), signingKey };
    }
  }
  return undefined;
}

function isSample({ metadata }: TenantBotManifest): boolean {
  return keyOf(metadata) === SAMPLE_BOT;
}
