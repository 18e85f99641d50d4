import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Program, startProgram } from '../../support/program.ts';

/** How a client gets its updates. */
export type Mode = 'polling' | 'webhook';

/** An echo bot that nobody of this project wrote the library for. */
export interface EchoClient {
  readonly library: string;
  readonly mode: Mode;
  /**
   * What it makes of a 429: waits as long as it was told and sends again, gives the message up, or
   * fails the delivery, so that the update comes again.
   */
  readonly on429: 'waits' | 'gives up' | 'fails the delivery';
  /** Starts it; resolves at once, before it has talked to the server. */
  start(settings: ClientSettings): Promise<Program>;
}

/** Whom a client talks to, and as whom. */
export interface ClientSettings {
  readonly apiRoot: string;
  readonly token: string;
}

/** grammY as it comes, in both modes. */
export const GRAMMY_CLIENTS: readonly EchoClient[] = [
  client('grammY', 'polling', { on429: 'gives up', command: grammyCommand }),
  client('grammY', 'webhook', { on429: 'fails the delivery', command: grammyCommand }),
];

/** python-telegram-bot with its rate limiter, in both modes. `python` yields its interpreter. */
export function pythonClients(python: () => string): readonly EchoClient[] {
  const options = {
    on429: 'waits',
    command: () => [python(), join(import.meta.dirname, 'ptb_echo.py')],
  } as const;
  return [
    client('python-telegram-bot', 'polling', options),
    client('python-telegram-bot', 'webhook', options),
  ];
}

function grammyCommand(): readonly string[] {
  return [process.execPath, fileURLToPath(import.meta.resolve('./grammy-echo.ts'))];
}

function client(
  library: string,
  mode: Mode,
  options: Pick<EchoClient, 'on429'> & { readonly command: () => readonly string[] },
): EchoClient {
  return {
    library,
    mode,
    on429: options.on429,
    async start({ apiRoot, token }) {
      const webhook = { PORT: String(await freePort()), WEBHOOK_SECRET: 'only_telegram_knows' };
      return startProgram(options.command(), {
        env: { BOT_TOKEN: token, API_ROOT: apiRoot, ...(mode === 'webhook' && webhook) },
      });
    },
  };
}

/** A port that was free a moment ago: these clients want to be told theirs. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
