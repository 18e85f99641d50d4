import type { RuntimeFacts } from '../../../src/api/runtime-facts.ts';
import type { BotAssignment } from '../../../src/control/port.ts';
import type { Hosting } from '../hosting.ts';

/** Hosts a bot that answers `/echo x` with x, until its webhook is registered. */
export async function hostEcho(hosting: Hosting): Promise<BotAssignment> {
  const handlers = [{ command: { name: 'echo', reply: { text: '{args}' } } }];
  const bot = await hosting.host('echo', { handlers });
  await registered(hosting);
  return bot;
}

/** Resolves when its webhook is registered. */
export const registered = (hosting: Hosting): Promise<RuntimeFacts> =>
  hosting.facts(
    'echo',
    ({ updates, aspects }) => updates.mode === 'Webhook' && aspects !== undefined,
  );
/** Calls a method as another program would that has the bot's token. */
export async function meddle(
  hosting: Hosting,
  bot: BotAssignment,
  method: string,
  body: object = {},
): Promise<{ url: string }> {
  const response = await fetch(`${hosting.emulator.apiRoot}/bot${bot.token.reveal()}/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return ((await response.json()) as { result: { url: string } }).result;
}
