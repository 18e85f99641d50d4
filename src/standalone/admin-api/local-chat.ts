import type { Chat } from '../../admin/backend.ts';
import { abortable } from '../../lib/abortable.ts';
import type { Conversation } from '../emulated/conversation.ts';

/** A held request is asked again after this long. */
const HOLD_MS = 20_000;

/** Talks to bots through the emulator, as `tenantbot chat` does. */
export function localChat(conversation: Conversation): Chat {
  return {
    async say(said) {
      await conversation.say(said);
    },
    async listen({ as, botId: bot }, onMessage, signal) {
      const chat = await conversation.user(as);
      let since = await conversation.lastCall();
      let { lastMessageId } = await conversation.hear(bot, chat, 0);
      while (!signal.aborted) {
        since = await abortable(conversation.nextCall({ bot, chat, since }, HOLD_MS), signal);
        const heard = await conversation.hear(bot, chat, lastMessageId);
        lastMessageId = heard.lastMessageId;
        for (const text of heard.messages) onMessage(text);
      }
    },
  };
}
