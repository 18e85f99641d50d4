import type { Update } from 'grammy/types';
import { UPDATE_KINDS, type UpdateKind } from '../../lib/update-kinds.ts';

/** What all kinds of update may say about where they belong. */
interface Payload {
  readonly chat?: Identified;
  readonly message?: { readonly chat?: Identified };
  readonly voter_chat?: Identified;
  readonly from?: Identified;
  readonly user?: Identified;
}

interface Identified {
  readonly id: number;
  /** Of a chat. */
  readonly type?: unknown;
}

/** The kind of `update`; undefined where it holds none that we know. */
export function updateKind(update: Update): UpdateKind | undefined {
  return UPDATE_KINDS.find((kind) => payloadOf(update, kind));
}

/**
 * What `update` must be handled in order with: its chat, else its user, else nothing but itself.
 * A private chat has its user's id, so that what a user does outside it stays in order with it.
 */
export function laneKey(update: Update): number | Update {
  const kind = updateKind(update);
  const payload = kind && payloadOf(update, kind);
  if (!payload) return update;
  return (chatOf(payload) ?? payload.from ?? payload.user)?.id ?? update;
}

/** What `update`, which is of that kind, says of the kind of its chat, where it belongs to one. */
export function chatType(update: Update, kind: UpdateKind | undefined): unknown {
  const payload = kind && payloadOf(update, kind);
  return payload && chatOf(payload)?.type;
}

function chatOf({ chat, message, voter_chat: voter }: Payload): Identified | undefined {
  return chat ?? message?.chat ?? voter;
}

function payloadOf(update: Update, kind: UpdateKind): Payload | undefined {
  const payload: unknown = update[kind as keyof Update];
  return typeof payload === 'object' && payload !== null ? payload : undefined;
}
