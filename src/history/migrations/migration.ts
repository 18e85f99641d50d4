import { createHash } from 'node:crypto';

/**
 * One step of the schema. It runs in one transaction, with names looked up in the schema
 * `tenantbot`. Once released it never changes: what comes after it is a new step.
 */
export interface Migration {
  /** 1, 2, 3 … without gaps. */
  readonly number: number;
  /** A word or two for people. */
  readonly name: string;
  /** SQL, in this order. */
  readonly statements: readonly string[];
}

/** By what an edited migration is told from the one that ran. */
export function checksum({ statements }: Migration): string {
  return createHash('sha256').update(statements.join(';\n')).digest('hex');
}
