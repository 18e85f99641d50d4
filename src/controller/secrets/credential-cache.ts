import type { TokenOwner } from '../../api/own-token.ts';
import type { TenantBotSpec } from '../../api/tenant-bot.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Random } from '../../lib/random.ts';
import { areComplete, type Credentials, ownCredentials, readCredentials } from './credentials.ts';
import type { SecretReader } from './secret-reader.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** While something is wrong with Secrets, twice as long every time: they often come right after. */
const BAD_FIRST_MS = 250;
/** Whoever has mended a Secret does not wait longer than for a kubelet. */
const BAD_MOST_MS = 60_000;

/** Which Secrets are asked for, and what may have made those that were read before out of date. */
export interface CredentialRequest {
  readonly uid: string;
  readonly generation: number;
  readonly namespace: string;
  readonly spec: TenantBotSpec;
  readonly owner: TokenOwner;
  /** Telegram refuses the token that the bot has. */
  readonly tokenRefused: boolean;
  /** What somebody asks for who wants the token checked; new whenever somebody does. */
  readonly checkToken?: string | undefined;
}

/** What was read, and when it is to be read again. */
export interface KnownCredentials {
  readonly credentials: Credentials;
  /** By the monotonic clock; never where every change is heard at once. */
  readonly readAgainMs: number;
}

interface Entry extends KnownCredentials {
  readonly generation: number;
  readonly tokenRefused: boolean;
  readonly checkToken: string | undefined;
  /** Reads in a row that found something wrong. */
  readonly badReads: number;
}

/**
 * What the bots' Secrets hold, kept in memory as long as it can be taken to be true: Secrets are
 * read by name when a bot is new, its spec changes, its token begins to be refused or somebody wants
 * it checked, once a day, and on a slowing schedule while something is wrong with them. Where Secrets are watched, always.
 */
export class CredentialCache {
  readonly #reader: SecretReader;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #entries = new Map<string, Entry>();

  constructor(reader: SecretReader, { clock, random }: { clock: Clock; random: Random }) {
    this.#reader = reader;
    this.#clock = clock;
    this.#random = random;
  }

  /** What the bot's Secrets hold. Rejects where the API server can't answer and must be asked. */
  async get(request: CredentialRequest, signal: AbortSignal): Promise<KnownCredentials> {
    const before = this.#entries.get(request.uid);
    const sameSpec = before?.generation === request.generation;
    const { generation, tokenRefused, checkToken, owner } = request;
    if (before && sameSpec && !this.#isDue(before, request)) {
      return { ...before, credentials: ownCredentials(before.credentials, owner) };
    }
    const found = await readCredentials(this.#reader, request, signal);
    const credentials = ownCredentials(found, owner);
    const isBad = tokenRefused || !areComplete(credentials);
    const badReads = isBad ? (sameSpec ? before.badReads : 0) + 1 : 0;
    const readAgainMs = this.#reader.watches ? Infinity : this.#readAgainMs(badReads);
    const entry = { generation, tokenRefused, checkToken, badReads, readAgainMs };
    // Whose token it may be can change without the Secrets.
    this.#entries.set(request.uid, { ...entry, credentials: found });
    return { credentials, readAgainMs };
  }

  /** Drops what is kept of the bot. */
  forget(uid: string): void {
    this.#entries.delete(uid);
  }

  #isDue(entry: Entry, { tokenRefused, checkToken }: CredentialRequest): boolean {
    if (this.#reader.watches || (tokenRefused && !entry.tokenRefused)) return true;
    if (checkToken !== entry.checkToken) return true;
    return this.#clock.monotonicMs() >= entry.readAgainMs;
  }

  #readAgainMs(badReads: number): number {
    const exact =
      badReads === 0 ? DAY_MS : Math.min(BAD_FIRST_MS * 2 ** (badReads - 1), BAD_MOST_MS);
    return this.#clock.monotonicMs() + exact * (0.9 + 0.2 * this.#random());
  }
}
