import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { HistorySink } from '../../api/history-records.ts';
import type { Authentication } from '../../control/authenticate.ts';
import { ShardHub } from '../../control/hub.ts';
import { type ControlServer, startControlServer } from '../../control/server.ts';
import type { Caller } from '../../control/shard-session.ts';
import { type TlsMaterial, trustBundle } from '../../control/tls/material.ts';
import { rotate } from '../../control/tls/rotation.ts';
import type { Clock, Timer } from '../../lib/clock.ts';
import { errorMessage } from '../../lib/errors.ts';
import { randomToken } from '../../lib/random.ts';
import type { Secret } from '../../lib/secret.ts';
import type { Log } from '../../telemetry/log.ts';
import { writeFileAtomically } from '../data/atomic-file.ts';

const HOST = '127.0.0.1';
const ROTATE_EVERY_MS = 24 * 3_600_000;

/** What a {@link ShardControl} works with. */
export interface ShardControlOptions {
  readonly folder: string;
  /** Who keeps what was; nothing is kept unless given. */
  readonly history?: HistorySink | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The parent's end of the control channel: on loopback, under a certificate of its own making. Who
 * shows a token is the shard that it was made for.
 */
export class ShardControl {
  readonly hub: ShardHub;
  /** File with the certificates that shards are to trust. */
  readonly caFile: string;
  readonly #options: ShardControlOptions;
  readonly #callers = new Map<string, Promise<Caller>>();
  #material: TlsMaterial;
  #server: ControlServer | undefined;
  #timer: Timer | undefined;

  private constructor(options: ShardControlOptions, material: TlsMaterial) {
    const { folder, clock } = options;
    this.#options = options;
    this.#material = material;
    this.caFile = join(folder, 'ca.crt');
    this.hub = new ShardHub({ clock, instance: randomToken(12) });
  }

  /** Rejects where it can't listen, or can't write to the folder. */
  static async open(options: ShardControlOptions): Promise<ShardControl> {
    const control = new ShardControl(options, await made(undefined, options.clock));
    const { folder, clock, log } = options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await control.#show();
    control.#server = await startControlServer({
      host: HOST,
      port: 0,
      hub: () => control.hub,
      holder: () => undefined,
      history: () => options.history,
      authenticate: (bearer) => control.#authenticate(bearer),
      certificate: () => control.#material.leaf,
      clock,
      log,
    });
    return control;
  }

  get url(): string {
    return `https://${HOST}:${this.#server?.port ?? 0}`;
  }

  /** Whoever shows `token` is `caller`, once that is known; until {@link ShardControl.dismiss}. */
  admit(token: Secret, caller: Promise<Caller>): void {
    caller.catch(() => undefined);
    this.#callers.set(token.reveal(), caller);
  }

  /** The token is good for nothing any more. */
  dismiss(token: Secret): void {
    this.#callers.delete(token.reveal());
  }

  async close(): Promise<void> {
    this.#timer?.cancel();
    this.hub.close();
    await this.#server?.close();
  }

  async #authenticate(bearer: Secret): Promise<Authentication> {
    const caller = await this.#callers.get(bearer.reveal());
    return caller
      ? { kind: 'shard', ...caller }
      : { kind: 'refused', message: 'The token is not one of a shard of this standalone.' };
  }

  /** What is to be trusted is written before it is shown. */
  async #show(material = this.#material): Promise<void> {
    await writeFileAtomically(this.caFile, trustBundle(material));
    this.#material = material;
    this.#timer = this.#options.clock.setTimer(ROTATE_EVERY_MS, () => void this.#rotate());
  }

  async #rotate(): Promise<void> {
    const { clock, log } = this.#options;
    try {
      await this.#show(await made(this.#material, clock));
    } catch (error) {
      log.error(`the certificate of the control channel stays as it is: ${errorMessage(error)}`);
      await this.#show().catch(() => undefined);
    }
  }
}

function made(before: TlsMaterial | undefined, clock: Clock): Promise<TlsMaterial> {
  return rotate(before, { nowMs: clock.wallMs(), names: [HOST] });
}
