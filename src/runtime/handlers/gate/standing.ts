import type { ChatMember, ChatPermissions } from 'grammy/types';

/** What a gate has to know of somebody in a chat. */
export interface Standing {
  readonly joined: boolean;
  /** Owners count too. */
  readonly admin: boolean;
  /** Until when somebody is kept from writing, in seconds since the epoch; 0 is for good. */
  readonly restrictedUntil?: number;
}

/** `member` in the words of gates. What Telegram's documentation does not name has not joined. */
export function standingOf(member: ChatMember): Standing {
  switch (member.status) {
    case 'creator':
    case 'administrator':
      return { joined: true, admin: true };
    case 'member':
      return { joined: true, admin: false };
    case 'restricted':
      return { joined: member.is_member, admin: false, restrictedUntil: member.until_date };
    case 'left':
    case 'kicked':
    default:
      return { joined: false, admin: false };
  }
}

const DAY_SECONDS = 86_400;
/** The second of the day at which the restrictions of gates end: nobody else's do but by chance. */
const MARK_SECONDS = 15_463;
/** Telegram takes what is more than 366 days away for good, and then forgets the mark. */
const RESTRICTED_DAYS = 300;

/**
 * Until when a gate restricts somebody, in seconds since the epoch. By the end one sees later, with
 * no memory of it, that it was a gate: a restriction of an administrator is not ours to lift.
 */
export function restrictionEnd(wallMs: number): number {
  const day = Math.floor(wallMs / 1_000 / DAY_SECONDS);
  return (day + RESTRICTED_DAYS) * DAY_SECONDS + MARK_SECONDS;
}

/** Whether it is a gate that keeps somebody from writing. */
export function isRestrictedByGate({ restrictedUntil = 0 }: Standing): boolean {
  return restrictedUntil % DAY_SECONDS === MARK_SECONDS;
}

/** Nothing at all. */
export const NO_PERMISSIONS: ChatPermissions = { can_send_messages: false };

/** Everything; what the group itself forbids its members stays forbidden. */
export const ALL_PERMISSIONS: ChatPermissions = {
  can_send_messages: true,
  can_send_audios: true,
  can_send_documents: true,
  can_send_photos: true,
  can_send_videos: true,
  can_send_video_notes: true,
  can_send_voice_notes: true,
  can_send_polls: true,
  can_send_other_messages: true,
  can_add_web_page_previews: true,
  can_change_info: true,
  can_invite_users: true,
  can_pin_messages: true,
  can_manage_topics: true,
};
