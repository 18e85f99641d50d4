import type { BotKey } from '../../api/group.ts';
import type { EmulatorClient } from '../../emulator/control-client.ts';
import { errorCode, errorMessage } from '../../lib/errors.ts';
import type { Secret } from '../../lib/secret.ts';
import type { Log } from '../../telemetry/log.ts';

/** A bot whose token the emulator is to know. */
export interface NewBot {
  readonly key: BotKey;
  readonly botId: number;
  readonly token: Secret;
}

const MAX_USERNAME = 32;

/**
 * Plays @BotFather at the emulator: makes every token that stands in a manifest known there, so
 * that one's own bot works without Telegram. The emulator remembers the tokens that it has
 * revoked, and so none comes back to life.
 */
export class BotFather {
  readonly #client: EmulatorClient;
  readonly #log: Log;
  readonly #introduced = new Map<number, Secret>();

  constructor(client: EmulatorClient, log: Log) {
    this.#client = client;
    this.#log = log;
  }

  /** Introduces those that are not known yet. False where some must be tried again later. */
  async introduce(bots: readonly NewBot[]): Promise<boolean> {
    for (const bot of bots) {
      if (this.#introduced.get(bot.botId)?.equals(bot.token)) continue;
      try {
        await this.#create(bot);
        this.#introduced.set(bot.botId, bot.token);
      } catch (error) {
        this.#log.warn(`${bot.key} could not be made known: ${errorMessage(error)}`);
        return false;
      }
    }
    return true;
  }

  /** Has the bot introduced anew: the emulator may have been started afresh. */
  forget(botId: number): void {
    this.#introduced.delete(botId);
  }

  async #create({ key, token }: NewBot): Promise<void> {
    const [namespace = '', name = ''] = key.split('/');
    const usernames = [usernameFor(name), usernameFor(`${name}_${namespace}`), undefined];
    for (const username of usernames) {
      try {
        await this.#client.createBot({
          token: token.reveal(),
          name: name.slice(0, 64),
          ...(username !== undefined && { username }),
        });
        return;
      } catch (error) {
        const code = errorCode(error);
        // The bot has been given another token there: this one is dead, as at Telegram.
        if (code === 'BOT_ID_TAKEN') return;
        if (code !== 'USERNAME_TAKEN') throw error;
      }
    }
  }
}

/**
 * The username for a bot of this name by Telegram's rules: 5 to 32 of letters, digits and `_`,
 * a letter first, `bot` last.
 */
export function usernameFor(name: string): string {
  const letters = name.replaceAll(/[^A-Za-z0-9]+/g, '_').replaceAll(/^[^A-Za-z]+|_+$/g, '');
  const stem = letters.replace(/_?bot$/i, '').slice(0, MAX_USERNAME - '_bot'.length);
  return stem === '' ? 'tenant_bot' : `${stem}_bot`;
}
