import type { BotKey } from './group.ts';
import type { RuntimeFacts } from './runtime-facts.ts';
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
    | { readonly kind: 'missing' | 'invalid'; readonly message: string };
  readonly signingKeys:
    | { readonly kind: 'found' }
    | { readonly kind: 'missing'; readonly message: string };
  /** An older TenantBot that runs the same bot. */
  readonly duplicateOf?: BotKey;
  readonly placement?: Placement;
  /** Why no shard takes the bot, and what to do. */
  readonly noPlaceBecause?: string;
  /** Standalone: the file is broken, and the last good spec runs on. */
  readonly manifestProblem?: string;
  /** What the runtime that hosts the bot last told. */
  readonly runtime?: RuntimeFacts;
}
