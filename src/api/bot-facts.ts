import type { BotKey } from './group.ts';
import type { RuntimeFacts } from './runtime-facts.ts';
import type { Refusal } from './tenancy.ts';
import type { Placement } from './tenant-bot-status.ts';

/** All that is known of one TenantBot at one moment; its conditions follow from this alone. */
export interface BotFacts {
  readonly key: BotKey;
  readonly generation: number;
  readonly suspended: boolean;
  readonly fleet: 'found' | 'missing';
  readonly fleetName: string;
  readonly token:
    | { readonly kind: 'found'; readonly botId: number; readonly trimmed: boolean }
    | {
        readonly kind: 'missing' | 'invalid' | 'other' | 'unreadable';
        readonly message: string;
      };
  readonly signingKeys:
    | { readonly kind: 'found' }
    | { readonly kind: 'missing'; readonly message: string };
  /** Why the fleet does not take the bot. */
  readonly refusal?: Refusal;
  /** Another TenantBot that runs the same bot. */
  readonly duplicateOf?: BotKey;
  /** Where a shard runs the bot, or is about to. */
  readonly placement?: Placement;
  /** The place that waits for the bot while no shard runs it. */
  readonly keptPlacement?: Placement;
  /** Why no shard takes the bot, and what to do. */
  readonly noPlaceBecause?: string;
  /** When the turn comes of a bot that Telegram has to load (RFC 3339). */
  readonly turnAt?: string;
  /** What the bot's place waits for, where that is not just about to come. */
  readonly notYetBecause?: string;
  /** The bot is being deleted; `heldBy` are the finalizers of others. */
  readonly deletion?: { readonly heldBy: readonly string[] };
  /** The spec can't be read, and no earlier one runs. */
  readonly specProblem?: string;
  /** The newest spec can't be read, and the last good one runs on. */
  readonly manifestProblem?: string;
  /** What the runtime that hosts the bot last told. */
  readonly runtime?: RuntimeFacts;
}
