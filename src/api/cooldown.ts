import { z } from 'zod';
import { fromTimestamp, toTimestamp } from '../lib/clock.ts';

const time = (description: string) => z.string().meta({ format: 'date-time', description });

/** `status.cooldown` of a TenantBot: a pause that Telegram has asked for. */
export const cooldownSchema = z
  .strictObject({
    since: time('When Telegram asked for it.'),
    until: time('When calls are made again.'),
  })
  .meta({
    description:
      'The last pause that Telegram asked the bot as a whole for: no calls but polls are made meanwhile. One for a single chat is not shown.',
  });

/** `since` is there so that a reader whose clock is another's knows how long it lasts. */
export type Cooldown = z.output<typeof cooldownSchema>;

/** What a pause holds for: a chat by id or public name (`@name`), else a method that is about no chat. */
export type ChatKey = number | string;

/** Longer names are cut. */
export const MAX_KEY = 65;

export const chatCooldownSchema = z.strictObject({
  of: z.union([z.int(), z.string().max(MAX_KEY)]),
  ...cooldownSchema.shape,
});

/** A pause that holds for a part of a bot's calls. */
export type ChatCooldown = z.output<typeof chatCooldownSchema>;

/** How many of them are told and remembered at most: those that last longest. */
export const MAX_CHAT_COOLDOWNS = 16;

/** The pauses of a bot that were not over when this was told. */
export interface Cooldowns {
  /** The one that holds for the whole bot. */
  readonly cooldown?: Cooldown;
  /** At most {@link MAX_CHAT_COOLDOWNS}. */
  readonly chatCooldowns?: readonly ChatCooldown[];
}

/** Telegram is not taken to mean it when it asks for more. */
export const LONGEST_COOLDOWN_MS = 3_600_000;

/**
 * How much of a cooldown is left. Never more than it lasts in all, however far the clock that wrote
 * it is ahead; 0 where it makes no sense.
 */
export function cooldownLeftMs({ since, until }: Cooldown, wallMs: number): number {
  const untilMs = fromTimestamp(until);
  const lastsMs = Math.min(untilMs - fromTimestamp(since), LONGEST_COOLDOWN_MS);
  const leftMs = Math.min(untilMs - wallMs, lastsMs);
  return leftMs > 0 ? leftMs : 0;
}

/** Clocks that differ by less are alike: messages take some time, too. */
const ALIKE_MS = 500;

/**
 * What was told by another clock, `aheadMs` ahead of this one, by this one: in whole seconds, so
 * that what is told twice reads the same, and rather too long than too short.
 */
export function inOurTime<Told extends Cooldowns>(told: Told, aheadMs: number): Told {
  const { cooldown, chatCooldowns } = told;
  if (Math.abs(aheadMs) < ALIKE_MS || !(cooldown || chatCooldowns)) return told;
  const shiftMs = Math.floor(aheadMs / 1_000) * 1_000;
  return {
    ...told,
    ...(cooldown && { cooldown: earlier(cooldown, shiftMs) }),
    ...(chatCooldowns && { chatCooldowns: chatCooldowns.map((one) => earlier(one, shiftMs)) }),
  };
}

function earlier<One extends Cooldown>(one: One, byMs: number): One {
  const sinceMs = fromTimestamp(one.since) - byMs;
  const untilMs = fromTimestamp(one.until) - byMs;
  // What is no time stays none.
  if (!isTime(sinceMs) || !isTime(untilMs)) return one;
  return { ...one, since: toTimestamp(sinceMs), until: toTimestamp(untilMs) };
}

function isTime(wallMs: number): boolean {
  return Math.abs(wallMs) <= 8.64e15;
}
