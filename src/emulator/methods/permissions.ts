import type { Args } from '../args.ts';
import { PERMISSIONS, type Permission, type Permissions } from '../permissions.ts';
import { objectArg } from './arguments.ts';

const MEDIA = [
  'can_send_audios',
  'can_send_documents',
  'can_send_photos',
  'can_send_videos',
  'can_send_video_notes',
  'can_send_voice_notes',
] as const satisfies readonly Permission[];

/** What a permission that was not named follows. */
const FOLLOWS: Partial<Record<Permission, Permission>> = {
  can_manage_topics: 'can_pin_messages',
  can_edit_tag: 'can_pin_messages',
  can_react_to_messages: 'can_send_messages',
};

/**
 * The `permissions` of a call. Those that were not named follow others, and unless the caller wants
 * them independent, the right to send something special brings along the right to send at all.
 */
export function permissionsArg(args: Args): Permissions {
  const given = objectArg(args, 'permissions', 'permissions') ?? {};
  const permissions = Object.fromEntries(
    PERMISSIONS.map((name) => [
      name,
      given[name in given ? name : (FOLLOWS[name] ?? name)] === true,
    ]),
  ) as Record<Permission, boolean>;
  const allow = (names: readonly Permission[]): void => {
    for (const name of names) permissions[name] = true;
  };
  const independent = args.bool('use_independent_chat_permissions');
  if (given['can_send_media_messages'] === true && !MEDIA.some((name) => name in given)) {
    allow(independent ? MEDIA : [...MEDIA, 'can_send_messages']);
  }
  if (independent) return permissions;
  if (permissions.can_send_other_messages || permissions.can_add_web_page_previews) {
    allow([...MEDIA, 'can_send_messages']);
  }
  if (permissions.can_send_polls) allow(['can_send_messages']);
  return permissions;
}
