import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { errorCode } from '../../lib/errors.ts';
import type { ManifestProblem } from './place.ts';

const MANIFEST_NAME = /\.(ya?ml|json)$/i;

/** What the paths given by a person come to. */
export interface FileList {
  /** Absolute paths, in the order in which their objects count. */
  readonly files: readonly string[];
  /** Folders that were looked into: a change in one may bring or take a file. */
  readonly folders: readonly string[];
  readonly problems: readonly ManifestProblem[];
}

/** Whether a file of this name in a folder is read as a manifest. */
export function isManifestName(name: string): boolean {
  return !name.startsWith('.') && MANIFEST_NAME.test(name);
}

/**
 * The manifests behind `paths`: each file as it is, each folder with all below it (`.yaml`, `.yml`,
 * `.json`; hidden ones skipped), by name. Links are followed, a folder that leads back to itself
 * is entered once. What can't be read is a problem and never an exception.
 */
export async function listManifests(paths: readonly string[]): Promise<FileList> {
  const walk = new Walk();
  for (const path of paths) await walk.add(resolve(path));
  return walk;
}

class Walk implements FileList {
  readonly files: string[] = [];
  readonly folders: string[] = [];
  readonly problems: ManifestProblem[] = [];
  readonly #entered = new Set<string>();
  readonly #listed = new Set<string>();

  async add(path: string): Promise<void> {
    try {
      if ((await stat(path)).isDirectory()) await this.#enter(path);
      else await this.#list(path);
    } catch (error) {
      this.#fail(path, error);
    }
  }

  async #enter(folder: string): Promise<void> {
    const real = await realpath(folder);
    if (this.#entered.has(real)) return;
    this.#entered.add(real);
    this.folders.push(folder);
    const entries = await readdir(folder, { withFileTypes: true });
    for (const entry of entries.toSorted(byName))
      await this.#visit(join(folder, entry.name), entry);
  }

  async #visit(path: string, entry: Dirent): Promise<void> {
    if (entry.name.startsWith('.')) return;
    if (entry.isDirectory() || entry.isSymbolicLink()) await this.#follow(path, entry.name);
    else if (isManifestName(entry.name)) await this.#list(path);
  }

  async #follow(path: string, name: string): Promise<void> {
    try {
      if ((await stat(path)).isDirectory()) await this.#enter(path);
      else if (isManifestName(name)) await this.#list(path);
    } catch (error) {
      this.#fail(path, error);
    }
  }

  /** A file reached by two ways is read once. */
  async #list(path: string): Promise<void> {
    const real = await realpath(path);
    if (this.#listed.has(real)) return;
    this.#listed.add(real);
    this.files.push(path);
  }

  #fail(path: string, error: unknown): void {
    this.problems.push({ file: path, message: accessFault(error) });
  }
}

/** Why a file or folder can't be read, in words. */
export function accessFault(error: unknown): string {
  const code = errorCode(error);
  switch (code) {
    case 'ENOENT':
      return 'there is no such file or folder (or it is a link to nothing)';
    case 'EACCES':
    case 'EPERM':
      return 'this program may not read it; check its permissions';
    case 'ELOOP':
      return 'is a link that leads back to itself';
    case undefined:
    default:
      return `can't be read (${code ?? 'unknown error'})`;
  }
}

function byName(a: Dirent, b: Dirent): number {
  return a.name < b.name ? -1 : 1;
}
