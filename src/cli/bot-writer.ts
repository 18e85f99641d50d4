import type { BotName } from './bot-access.ts';

/** What a command needs that changes specs. Methods reject in words for people. */
export interface BotWriter {
  /** Has the bot stopped but kept, or run again. Resolves once that is written. */
  setSuspended(bot: BotName, suspended: boolean): Promise<void>;
}
