import type { AddressSource } from './address-source.ts';
import { type AuditEntry, insertAudit } from './audit.ts';
import { LazyDatabase } from './lazy-database.ts';

const ANSWER_WITHIN_MS = 10_000;
const SETTINGS = { search_path: 'tenantbot, pg_temp', 'tenantbot.namespaces': '*' };

/** Writes the audit log from a process that keeps no history: entries never contradict each other. */
export class AuditTrail {
  readonly #database: LazyDatabase;

  constructor(address: AddressSource) {
    this.#database = new LazyDatabase(address, {
      max: 1,
      answerWithinMs: ANSWER_WITHIN_MS,
      settings: SETTINGS,
    });
  }

  /** Resolves when `entry` is there for good. Rejects in words where the database can't be had. */
  write(entry: AuditEntry): Promise<void> {
    return this.#database.transaction((step) => insertAudit(step, entry));
  }

  /** Ends the connection. */
  close(): Promise<void> {
    return this.#database.close();
  }
}
