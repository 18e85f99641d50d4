import type { Update } from 'grammy/types';

/** A text message of `chat`, as far as the dispatcher looks. */
export function messageIn(chat: number, id: number): Update {
  const from = { id: 7, is_bot: false, first_name: 'Ann' };
  return {
    update_id: id,
    message: {
      message_id: id,
      date: 0,
      chat: { id: chat, type: 'group', title: 'Group' },
      from,
      text: 'hello',
    },
  };
}

/** An update that belongs to no chat and no user. */
export function pollUpdate(id: number): Update {
  return { update_id: id, poll: { id: String(id) } } as Update;
}
