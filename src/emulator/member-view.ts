import { PERMISSIONS, USUAL_RIGHTS } from './permissions.ts';
import type { Membership, TgUser } from './telegram-types.ts';

const NO_PERMISSIONS = Object.fromEntries(PERMISSIONS.map((name) => [name, false]));

/** How the Bot API shows a member; which fields there are depends on the status. */
export function memberView(user: TgUser, membership: Membership): object {
  const { status, untilDate = 0, isMember = true, permissions, rights } = membership;
  switch (status) {
    case 'creator':
      return { user, status, is_anonymous: false };
    case 'administrator':
      return {
        user,
        status,
        can_be_edited: false,
        is_anonymous: false,
        ...USUAL_RIGHTS,
        ...rights,
      };
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
