import { z } from 'zod';
import { withRule } from './rules.ts';

/** Limits of single methods that a fleet may have. */
export const MAX_LIMITED_METHODS = 50;
const METHOD = '^[a-z][A-Za-z]{2,63}$';

const perSecond = (description: string) => z.int().min(1).max(100_000).meta({ description });

const methodsSchema = withRule(
  z
    .record(
      z.string(),
      perSecond('Calls of this method that the fleet makes at most in any one second.'),
    )
    .meta({
      description: 'Limits of single methods, by name, such as sendMessage.',
      maxProperties: MAX_LIMITED_METHODS,
    }),
  {
    cel: `self.all(name, name.matches('${METHOD}'))`,
    message: `must be names of Bot API methods such as sendMessage, at most ${MAX_LIMITED_METHODS}`,
    holds: (methods) => {
      const names = Object.keys(methods);
      return (
        names.length <= MAX_LIMITED_METHODS && names.every((name) => new RegExp(METHOD).test(name))
      );
    },
  },
);

/** `spec.rateLimits` of a BotFleet: what all of its bots together may ask of Telegram. */
export const rateLimitsSchema = z
  .strictObject({
    perSecond: perSecond(
      'How many requests all bots of the fleet make at most in any one second, polls included. No limit unless given.',
    ).optional(),
    methods: methodsSchema.optional(),
  })
  .meta({
    description:
      'Limits that hold for all bots of the fleet together, however many shards it has: each shard gets as much as it has use for.',
  });

export type FleetRateLimits = z.output<typeof rateLimitsSchema>;
