import { z } from 'zod';
import { BREAKER_STATES, CLOSED_BREAKER } from '../../api/breaker.ts';
import type { BotObject } from '../backend.ts';
import { pageSchema } from './paging.ts';

/** Answer of `GET /v1/bots/{namespace}/{name}/breaker`. */
export const breakerSchema = z.object({
  namespace: z.string(),
  name: z.string(),
  state: z.enum(BREAKER_STATES),
  failures: z.int().describe('Calls that failed in a row.'),
  openedAt: z.string().nullable(),
  nextProbeAt: z.string().nullable(),
});
export type BreakerView = z.output<typeof breakerSchema>;

/** Answer of `GET /v1/breakers`: how many are in which state, and those that are not closed. */
export const breakersSchema = pageSchema(breakerSchema).extend({
  summary: z.record(z.enum(BREAKER_STATES), z.int()),
});

/** The breaker of `bot`: closed where it has made no call yet. */
export function breakerView({ metadata, status }: BotObject): BreakerView {
  const { state, failures, openedAt = null, nextProbeAt = null } = status.breaker ?? CLOSED_BREAKER;
  const { namespace, name } = metadata;
  return { namespace, name, state, failures, openedAt, nextProbeAt };
}
