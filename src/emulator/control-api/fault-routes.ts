import { notFound, Problem } from '../problem.ts';
import type { Controlled, Routes } from './controlled.ts';
import * as schema from './schemas.ts';

/** Injecting faults. */
export function addFaultRoutes(routes: Routes, { world, faults }: Controlled): void {
  routes.post(
    '/faults',
    {
      schema: { summary: 'Inject a fault', body: schema.newFault, response: { 200: schema.fault } },
    },
    ({ body }) => {
      const { bot, chat: chatId, ...rest } = body;
      const fault = faults.add({
        ...rest,
        chatId,
        botId: bot === undefined ? undefined : world.bot(bot).id,
      });
      if (!fault)
        throw new Problem(507, 'LIMIT_REACHED', 'there are too many faults; clear them first');
      return fault;
    },
  );
  routes.get(
    '/faults',
    { schema: { summary: 'The faults in force', response: { 200: schema.faults } } },
    () => ({ faults: faults.list() }),
  );
  routes.delete(
    '/faults',
    { schema: { summary: 'Remove all faults', response: { 200: schema.done } } },
    () => {
      faults.clear();
      return { done: true } as const;
    },
  );
  routes.delete(
    '/faults/:id',
    {
      schema: { summary: 'Remove a fault', params: schema.idParam, response: { 200: schema.done } },
    },
    ({ params }) => {
      if (!faults.remove(params.id)) {
        throw notFound('FAULT_NOT_FOUND', `there is no fault ${params.id}; it may be used up`);
      }
      return { done: true } as const;
    },
  );
}
