import { open, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { stringify } from 'yaml';
import type { BotObject, BotWriter, Catalog, ObjectName } from '../../admin/backend.ts';
import type { Caller } from '../../admin/caller.ts';
import { RequestProblem } from '../../admin/problem.ts';
import type { BotRequest, BotRequests } from '../../api/bot-requests.ts';
import { formatProblem } from '../../api/explain.ts';
import { parseTenantBot, type TenantBotManifest } from '../../api/manifest.ts';
import { abortable } from '../../lib/abortable.ts';
import { type Clock, sleep } from '../../lib/clock.ts';
import { errorCode, inputError } from '../../lib/errors.ts';
import { writeFileAtomically } from '../data/atomic-file.ts';
import { objectId } from '../manifests/manifest-object.ts';
import type { ManifestSet } from '../manifests/manifest-set.ts';
import { readManifestText } from '../manifests/manifest-text.ts';
import { editManifest } from './edit-manifest.ts';

/** What a {@link ManifestWriter} works with. */
export interface ManifestWriterOptions {
  /** Files and folders, absolute; new bots go into the first folder of them. */
  readonly paths: readonly string[];
  /** The folder that places in manifests are relative to. */
  readonly folder: string;
  /** The manifests as they were last read. */
  readonly manifests: () => ManifestSet;
  readonly bots: Catalog<BotObject>;
  /** Asks something of the bot with that uid. */
  readonly ask: (uid: string, requests: BotRequests) => void;
  readonly clock: Clock;
}

/** How long a change of a file is waited for to be seen; it holds whether or not it is. */
const SEEN_WITHIN_MS = 5_000;
const LOOK_EVERY_MS = 20;

/**
 * Changes the manifests of a standalone as a person would: in the file that holds the bot, which
 * keeps all else that it says, or by a new file. One change follows the other.
 */
export class ManifestWriter implements BotWriter {
  readonly #options: ManifestWriterOptions;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(options: ManifestWriterOptions) {
    this.#options = options;
  }

  async patch(
    _caller: Caller,
    bot: ObjectName,
    patch: object,
    signal: AbortSignal,
  ): Promise<BotObject> {
    return this.#seen(await this.#inTurn(() => this.#edit(bot, patch), signal), signal);
  }

  async create(_caller: Caller, manifest: object, signal: AbortSignal): Promise<BotObject> {
    const checked = parseTenantBot(manifest);
    if (!checked.ok) {
      throw inputError('BOT_INVALID', checked.problems.map(formatProblem).join('; '));
    }
    await this.#inTurn(() => this.#add(checked.value, manifest), signal);
    return this.#seen(checked.value, signal);
  }

  ask(bot: ObjectName, request: BotRequest, value: string): Promise<void> {
    const found = this.#options.bots.get(bot);
    if (found) this.#options.ask(found.metadata.uid, { [request]: value });
    return Promise.resolve();
  }

  #inTurn<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    const turn = this.#writing.then(work);
    this.#writing = turn.catch(() => undefined);
    return abortable(turn, signal);
  }

  async #edit(bot: ObjectName, patch: object): Promise<TenantBotManifest> {
    // A link stays one.
    const file = await realpath(this.#fileOf(bot));
    const before = await readManifestText(file);
    const after = editManifest(before, bot, patch);
    const { mode } = await stat(file);
    if (after.text !== before) await writeFileAtomically(file, after.text, mode & 0o777);
    return after.bot;
  }

  #fileOf({ namespace, name }: ObjectName): string {
    const { manifests, folder } = this.#options;
    const found = manifests().objects.get(`TenantBot/${namespace}/${name}`);
    if (!found) {
      throw new RequestProblem(404, 'BOT_NOT_FOUND', `there is no bot ${namespace}/${name}`);
    }
    if (found.keptBecause !== undefined) {
      const words = `the file of ${namespace}/${name} has faults; mend it first: ${found.keptBecause}`;
      throw new RequestProblem(409, 'MANIFEST_INVALID', words);
    }
    return resolve(folder, found.place.file);
  }

  async #add(bot: TenantBotManifest, manifest: object): Promise<void> {
    const { namespace, name } = bot.metadata;
    if (this.#options.manifests().objects.has(objectId({ kind: 'TenantBot', object: bot }))) {
      const words = `there is a bot ${namespace}/${name} already; choose another name`;
      throw new RequestProblem(409, 'BOT_EXISTS', words);
    }
    const path = join(await this.#folder(), `${namespace}.${name}.yaml`);
    try {
      const file = await open(path, 'wx', 0o644);
      await file.close();
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
      const words = `there is a file ${path} already, though no such bot; take it away or choose another name`;
      throw new RequestProblem(409, 'FILE_EXISTS', words);
    }
    await writeFileAtomically(path, stringify(manifest), 0o644);
  }

  async #folder(): Promise<string> {
    for (const path of this.#options.paths) {
      const found = await stat(path).catch(() => undefined);
      if (found?.isDirectory()) return realpath(path);
    }
    const words =
      'bots can be made here only where --manifests names a folder, and this standalone has files alone';
    throw new RequestProblem(409, 'NO_MANIFEST_FOLDER', words);
  }

  /** The bot once it shows what was written; as it is where that takes long. */
  async #seen({ metadata, spec }: TenantBotManifest, signal: AbortSignal): Promise<BotObject> {
    const { bots, clock } = this.#options;
    const untilMs = clock.monotonicMs() + SEEN_WITHIN_MS;
    for (;;) {
      const seen = bots.get(metadata);
      const isLate = clock.monotonicMs() >= untilMs;
      if (seen && (isLate || isDeepStrictEqual(seen.spec, spec))) return seen;
      if (isLate) {
        const words = `the file of ${metadata.namespace}/${metadata.name} is written, but was not read yet; look again`;
        throw new RequestProblem(503, 'NOT_READ_YET', words);
      }
      await sleep(clock, LOOK_EVERY_MS, signal);
    }
  }
}
