import { type GrantStore, grantConflict, type StoredText } from '../../src/coordinator/table.ts';

/** A table that a test holds in its hand. */
export class MemoryStore implements GrantStore {
  stored: StoredText | undefined;
  writes = 0;

  read(): Promise<StoredText | undefined> {
    return Promise.resolve(this.stored);
  }

  write(text: string, version: string | undefined): Promise<string> {
    if (this.stored?.version !== version) return Promise.reject(grantConflict());
    this.stored = { text, version: String(++this.writes) };
    return Promise.resolve(this.stored.version);
  }
}
