import type { ChatCooldown } from '../../api/cooldown.ts';
import type { Placement, TenantBotStatus } from '../../api/tenant-bot-status.ts';

/** What is remembered of a bot from pass to pass, and from one run to the next. */
export interface BotMemory {
  /** Whether it has ever run: its backlog is thrown away at most once. */
  everStarted: boolean;
  /** Where it has its place, or had its last. */
  placement: Placement | undefined;
  status: TenantBotStatus;
  /** Telegram's pauses for single chats, as they were told last: no status shows them. */
  chatCooldowns?: readonly ChatCooldown[] | undefined;
}
