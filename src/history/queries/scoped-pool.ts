import type { PostgresPool } from 'kysely';
import type { Pool, PoolClient } from 'pg';
import { type Namespaces, namespacesSetting } from './namespaces.ts';

/**
 * Connections that row-level security restricts to some namespaces. What each is restricted to is
 * remembered, so that asking twice for the same costs no round trip; nobody ever gets one that is
 * restricted to something else, or may be.
 */
export class ScopedPool {
  readonly #pool: Pool;
  readonly #timeoutMs: number;
  /** By connection. What has no entry is not known. */
  readonly #settings = new WeakMap<PoolClient, string>();

  constructor(pool: Pool, timeoutMs: number) {
    this.#pool = pool;
    this.#timeoutMs = timeoutMs;
  }

  /** The pool as those see it who may see `namespaces`. It is never to be ended. */
  of(namespaces: Namespaces): PostgresPool {
    const setting = namespacesSetting(namespaces);
    return {
      options: this.#pool.options,
      connect: () => this.#connect(setting),
      end: () => Promise.resolve(),
    };
  }

  async #connect(setting: string): Promise<PoolClient> {
    const client = await this.#pool.connect();
    if (this.#settings.get(client) === setting) return client;
    // Forgotten first: where this fails it is not known which of the two holds.
    this.#settings.delete(client);
    try {
      await client.query(
        `select set_config('tenantbot.namespaces', $1, false),
           set_config('search_path', 'tenantbot, pg_temp', false),
           set_config('default_transaction_read_only', 'on', false),
           set_config('statement_timeout', $2, false)`,
        [setting, String(this.#timeoutMs)],
      );
    } catch (error) {
      client.release(true);
      throw error;
    }
    this.#settings.set(client, setting);
    return client;
  }
}
