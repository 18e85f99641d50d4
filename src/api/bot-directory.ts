/** What is known of a TenantBot that is there. */
export interface KnownBot {
  readonly namespace: string;
  readonly name: string;
  /** Of the bot at Telegram, once its token was checked. */
  readonly botId?: number;
  readonly username?: string;
}

/** Who knows which TenantBots there are. */
export interface BotDirectory {
  /** The TenantBot of that uid; undefined where there is none, or none any longer. */
  find(uid: string): KnownBot | undefined;
}
