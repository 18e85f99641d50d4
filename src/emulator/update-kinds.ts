/** Every kind of update of the Bot API, by the name of its field. */
export const UPDATE_KINDS = [
  'message',
  'edited_message',
  'channel_post',
  'edited_channel_post',
  'business_connection',
  'business_message',
  'edited_business_message',
  'deleted_business_messages',
  'message_reaction',
  'message_reaction_count',
  'inline_query',
  'chosen_inline_result',
  'callback_query',
  'shipping_query',
  'pre_checkout_query',
  'purchased_paid_media',
  'poll',
  'poll_answer',
  'my_chat_member',
  'chat_member',
  'chat_join_request',
  'chat_boost',
  'removed_chat_boost',
] as const;
export type UpdateKind = (typeof UPDATE_KINDS)[number];

const OPT_IN_KINDS: ReadonlySet<UpdateKind> = new Set([
  'chat_member',
  'message_reaction',
  'message_reaction_count',
]);

/** What a bot gets that never asked for anything: all but the kinds that must be asked for. */
export const DEFAULT_KINDS: ReadonlySet<UpdateKind> = new Set(
  UPDATE_KINDS.filter((kind) => !OPT_IN_KINDS.has(kind)),
);

/**
 * The kinds that an `allowed_updates` argument names; undefined where it says nothing that counts
 * (missing, broken JSON, not a list of strings), which leaves the earlier choice in place. A list
 * without any known name is the default, as in the real server.
 */
export function parseAllowedUpdates(text: string): ReadonlySet<UpdateKind> | undefined {
  const names = parseList(text)?.map((name) => name.toLowerCase());
  if (!names) return undefined;
  const known = UPDATE_KINDS.filter((kind) => names.includes(kind));
  return known.length === 0 ? DEFAULT_KINDS : new Set(known);
}

/** How getWebhookInfo shows the choice: undefined stands for the default. */
export function shownKinds(kinds: ReadonlySet<UpdateKind>): UpdateKind[] | undefined {
  const isDefault = kinds.size === DEFAULT_KINDS.size && DEFAULT_KINDS.isSubsetOf(kinds);
  return isDefault ? undefined : [...kinds];
}

function parseList(text: string): string[] | undefined {
  if (text === '') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (!Array.isArray(value) || !value.every((name) => typeof name === 'string')) return undefined;
    return value;
  } catch {
    return undefined;
  }
}
