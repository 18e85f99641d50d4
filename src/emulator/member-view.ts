import { PERMISSIONS } from './permissions.ts';
import type { Membership, TgUser } from './telegram-types.ts';

const NO_PERMISSIONS = Object.fromEntries(PERMISSIONS.map((name) => [name, false]));

const ADMIN_RIGHTS = {
  can_be_edited: false,
  is_anonymous: false,
  can_manage_chat: true,
  can_change_info: true,
  can_delete_messages: true,
  can_invite_users: true,
  can_restrict_members: true,
  can_pin_messages: true,
  can_promote_members: false,
  can_manage_video_chats: true,
  can_post_stories: false,
  can_edit_stories: false,
  can_delete_stories: false,
  can_send_welcome_messages: false,
} as const;

/** How the Bot API shows a member; which fields there are depends on the status. */
export function memberView(user: TgUser, membership: Membership): object {
  const { status, untilDate = 0, isMember = true, permissions } = membership;
  switch (status) {
    case 'creator':
      return { user, status, is_anonymous: false };
    case 'administrator':
      return { user, status, ...ADMIN_RIGHTS };
    case 'restricted':
      return {
        user,
        status,
        is_member: isMember,
        ...NO_PERMISSIONS,
        ...permissions,
        until_date: untilDate,
      };
    case 'kicked':
      return { user, status, until_date: untilDate };
    case 'member':
    case 'left':
      return { user, status };
    default:
      return status satisfies never;
  }
}
