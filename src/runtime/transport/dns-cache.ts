import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import type { Clock } from '../../lib/clock.ts';

/** How long an answer is used before the resolver is asked again. */
const FRESH_MS = 30_000;

type LookupCallback = (
  error: NodeJS.ErrnoException | null,
  addresses: string | LookupAddress[],
  family?: number,
) => void;

/** A function of the shape that `net.connect` takes as `lookup`. */
export type Lookup = (hostname: string, options: LookupOptions, callback: LookupCallback) => void;

interface Entry {
  readonly addresses: LookupAddress[];
  readonly untilMs: number;
}

/**
 * A lookup that asks the resolver at most twice a minute for a name, and keeps to its last answer
 * while the resolver fails: a thousand reconnecting bots are one question, and an outage of DNS
 * alone is none for them.
 */
export function createCachedLookup(clock: Clock, resolve: typeof lookup = lookup): Lookup {
  const entries = new Map<string, Entry>();

  const answer = ({ addresses }: Entry, options: LookupOptions, callback: LookupCallback): void => {
    const [first] = addresses;
    if (options.all || !first) callback(null, addresses);
    else callback(null, first.address, first.family);
  };

  return (hostname, options, callback) => {
    const name = `${hostname} ${options.family ?? 0}`;
    const known = entries.get(name);
    if (known && clock.monotonicMs() < known.untilMs) {
      answer(known, options, callback);
      return;
    }
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error && !known) {
        callback(error, []);
        return;
      }
      const entry = {
        addresses: error || addresses.length === 0 ? (known?.addresses ?? []) : addresses,
        untilMs: clock.monotonicMs() + FRESH_MS,
      };
      entries.set(name, entry);
      answer(entry, options, callback);
    });
  };
}
