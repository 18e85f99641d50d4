import { inputError } from '../../lib/errors.ts';
import type { BotName } from '../bot-access.ts';
import type { LocalClient } from '../local-client.ts';
import { printable } from '../terminal-text.ts';
import type { Io } from './io.ts';

/** What `tenantbot send` was asked for. */
export interface SendOptions extends BotName {
  readonly text: string;
  readonly as: string;
  readonly timeoutMs: number;
}

/** `tenantbot send`: prints what the bot answers; rejects where it answers nothing. */
export async function runSend(client: LocalClient, options: SendOptions, io: Io): Promise<void> {
  const { namespace, name, text, as, timeoutMs } = options;
  const { messages, handled } = await client.ask({ namespace, name }, { as, text, timeoutMs });
  for (const message of messages) io.out(printable(message));
  if (messages.length > 0) return;
  throw inputError(
    'NO_ANSWER',
    handled
      ? `${name} took the message and answered nothing`
      : `${name} answered nothing within ${timeoutMs} ms; \`tenantbot describe ${name}\` may tell why`,
  );
}
