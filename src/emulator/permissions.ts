/** What a member of a supergroup may be kept from, by the Bot API's names. */
export const PERMISSIONS = [
  'can_send_messages',
  'can_send_audios',
  'can_send_documents',
  'can_send_photos',
  'can_send_videos',
  'can_send_video_notes',
  'can_send_voice_notes',
  'can_send_polls',
  'can_send_other_messages',
  'can_add_web_page_previews',
  'can_react_to_messages',
  'can_edit_tag',
  'can_change_info',
  'can_invite_users',
  'can_pin_messages',
  'can_manage_topics',
] as const;
export type Permission = (typeof PERMISSIONS)[number];
export type Permissions = Readonly<Record<Permission, boolean>>;

/** What an administrator may, by the Bot API's names, and whether one may unless told otherwise. */
export const USUAL_RIGHTS = {
  can_manage_chat: true,
  can_change_info: true,
  can_delete_messages: true,
  can_invite_users: true,
  can_restrict_members: true,
  can_pin_messages: true,
  can_promote_members: false,
  can_manage_video_chats: true,
  can_post_messages: true,
  can_edit_messages: true,
  can_post_stories: false,
  can_edit_stories: false,
  can_delete_stories: false,
  can_send_welcome_messages: false,
} as const;
export type AdminRight = keyof typeof USUAL_RIGHTS;
export const ADMIN_RIGHTS = Object.keys(USUAL_RIGHTS) as AdminRight[];

/** Who has all of these is an ordinary member: the rest concerns the chat itself. */
export const SENDING_PERMISSIONS: readonly Permission[] = PERMISSIONS.slice(0, 11);
