import { expect, it } from 'vitest';
import { Args } from '../../src/emulator/args.ts';
import { Ledger } from '../../src/emulator/ledger.ts';
import { Limits } from '../../src/emulator/limits/limits.ts';
import type { Answer, Call } from '../../src/emulator/methods/method.ts';
import { methodTable } from '../../src/emulator/methods/table.ts';
import { World } from '../../src/emulator/world.ts';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';
import { seededRandom } from '../../src/lib/random.ts';

it('setWebhook gives way to a change that comes while its host is being looked up', async () => {
  const clock = new AdjustableClock();
  const random = seededRandom(1);
  const world = new World({ clock, random, ledger: new Ledger(clock, 10) });
  const opened: string[] = [];
  const { bot } = world.createBot({});
  const run = async (method: string, values: Record<string, string>): Promise<Answer> => {
    const call: Call = {
      world,
      bot,
      args: new Args({ values: new Map(Object.entries(values)), files: new Map() }),
      limits: new Limits(clock),
      webhooks: { rules: 'loopback', open: (_bot, { url }) => opened.push(url) },
    };
    return await (methodTable().get(method)?.run(call) ?? Promise.reject(new Error(method)));
  };
  const first = run('setwebhook', { url: 'http://localhost:1/first' });
  const deleted = run('deletewebhook', { drop_pending_updates: 'true' });
  await expect(first).rejects.toMatchObject({
    status: 409,
    message: 'Conflict: terminated by other setWebhook',
  });
  expect((await deleted).resultJson).toBe('true');
  expect(opened).toEqual([]);
});
