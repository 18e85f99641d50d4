import type { z } from 'zod';
import { selectRecords } from '../ledger.ts';
import { type CallsCondition, type StateCondition, waitForLedger } from '../waiters.ts';
import type { World } from '../world.ts';
import type { Controlled, Routes } from './controlled.ts';
import * as schema from './schemas.ts';

/** Reading the ledger, waiting for what it shows, moving the clock, starting anew. */
export function addLedgerRoutes(routes: Routes, controlled: Controlled): void {
  const { world, faults, limits, clock, realClock, closing } = controlled;
  const { ledger } = world;
  routes.get(
    '/ledger/calls',
    {
      schema: {
        summary: 'The calls of bots',
        querystring: schema.callsQuery,
        response: { 200: schema.calls },
      },
    },
    ({ query }) => ({
      calls: selectRecords(ledger.calls, { ...query, botId: botId(world, query.bot) }),
      lastSeq: ledger.calls.lastSeq,
      dropped: ledger.calls.dropped,
    }),
  );
  routes.get(
    '/ledger/updates',
    {
      schema: {
        summary: 'The updates and their fates',
        querystring: schema.updatesQuery,
        response: { 200: schema.updates },
      },
    },
    ({ query }) => ({
      updates: selectRecords(ledger.updates, { ...query, botId: botId(world, query.bot) }),
      lastSeq: ledger.updates.lastSeq,
      dropped: ledger.updates.dropped,
    }),
  );
  routes.post(
    '/ledger/wait',
    {
      schema: {
        summary: 'Wait until the ledger shows something',
        body: schema.wait,
        response: { 200: schema.waited },
      },
    },
    async ({ body }) => {
      const result = await waitForLedger({
        ledger,
        condition: toCondition(world, body.condition),
        timeoutMs: body.timeoutMs,
        clock: realClock,
        signal: closing,
      });
      return { met: result.met, calls: [...result.calls] };
    },
  );
  routes.get(
    '/clock',
    { schema: { summary: "The emulator's time", response: { 200: schema.clock } } },
    () => ({ nowMs: clock.wallMs() }),
  );
  routes.post(
    '/clock/advance',
    {
      schema: {
        summary: 'Move the clock ahead',
        body: schema.advance,
        response: { 200: schema.clock },
      },
    },
    async ({ body }) => {
      await clock.advanceAsync(body.ms);
      return { nowMs: clock.wallMs() };
    },
  );
  routes.post(
    '/reset',
    {
      schema: {
        summary: 'Forget everything',
        body: schema.nothing,
        response: { 200: schema.done },
      },
    },
    () => {
      faults.clear();
      limits.reset();
      world.reset();
      ledger.clear();
      return { done: true } as const;
    },
  );
}

function botId(world: World, ref: number | string | undefined): number | undefined {
  return ref === undefined ? undefined : world.bot(ref).id;
}

function toCondition(
  world: World,
  condition: z.output<typeof schema.condition>,
): CallsCondition | StateCondition {
  switch (condition.kind) {
    case 'calls': {
      const { bot, chat, ...rest } = condition;
      const chatId = chat === undefined ? undefined : String(chat);
      return { ...rest, botId: botId(world, bot), chatId };
    }
    case 'confirmed': {
      const bot = world.bot(condition.bot);
      return { kind: 'state', holds: () => bot.queue.size === 0 };
    }
    case 'polling': {
      const bot = world.bot(condition.bot);
      return { kind: 'state', holds: () => bot.polls.open };
    }
    default:
      return condition satisfies never;
  }
}
