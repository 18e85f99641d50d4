import type { BotName } from './bot-access.ts';
import type { SeenObject } from './object-access.ts';

/** What a command needs that changes specs. Methods reject in words for people. */
export interface BotWriter {
  /** Has the bot stopped but kept, or run again. Resolves to the bot as it is written now. */
  setSuspended(bot: BotName, suspended: boolean): Promise<SeenObject>;
}
