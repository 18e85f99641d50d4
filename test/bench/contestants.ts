import { join } from 'node:path';
import { errorMessage } from '../../src/lib/errors.ts';
import { type Program, startProgram, startScript } from '../support/program.ts';
import { buildGoProgram } from './go-program.ts';
import type { ServerAddress } from './server.ts';

/** A client to measure: a process that answers what a `ClientRequest` asks. */
export interface Contestant {
  readonly name: string;
  /** Starts it against this server, which it trusts. */
  readonly start: (server: ServerAddress) => Promise<Program>;
}

export const PLAIN_GRAMMY = script('plain grammY, HTTP/1.1', 'client-grammy.ts', []);
export const OURS = {
  http1: script('tenantbot, HTTP/1.1', 'client-tenantbot.ts', ['HTTP/1.1']),
  http2: script('tenantbot, HTTP/2', 'client-tenantbot.ts', ['HTTP/2']),
  webhook: script('tenantbot, webhook', 'client-tenantbot.ts', ['HTTP/1.1', 'webhook']),
} as const;
/** Ours, with so much of its traces sent to `endpoint`. */
export function traced(endpoint: string, ratio: number): Contestant {
  const args = ['HTTP/1.1', 'traced', endpoint, String(ratio)];
  return script(`tracing on, ${ratio * 100} % of the traces`, 'client-tenantbot.ts', args);
}

/** What breakers and limits of bots weigh alone. */
export const GUARDS = script('guards', 'client-guards.ts', []);
const GRAMMY_RUNNER = script('grammY with its runner, HTTP/1.1', 'client-grammy.ts', ['runner']);

const TELEBOT_MODULE = join(import.meta.dirname, 'telebot');

/**
 * All that can run here. Telebot is built into `folder`; where that fails, `say` is told why, and
 * the others go on without it.
 */
export async function allContestants(
  folder: string,
  say: (words: string) => void,
): Promise<readonly Contestant[]> {
  const telebot = await buildGoProgram(TELEBOT_MODULE, folder).catch((error: unknown) => {
    say(`without telebot: ${errorMessage(error)}`);
  });
  const goes = telebot ? [goProgram(telebot, 'HTTP/1.1'), goProgram(telebot, 'HTTP/2')] : [];
  return [OURS.http1, OURS.http2, PLAIN_GRAMMY, GRAMMY_RUNNER, ...goes];
}

function script(name: string, file: string, args: readonly string[]): Contestant {
  return {
    name,
    start: ({ apiRoot, certificatePath }) =>
      startScript(join(import.meta.dirname, file), {
        args: [apiRoot, ...args],
        env: { NODE_EXTRA_CA_CERTS: certificatePath },
        nodeFlags: ['--expose-gc'],
      }),
  };
}

function goProgram(path: string, protocol: string): Contestant {
  return {
    name: `Go's telebot v4, ${protocol}`,
    start: ({ apiRoot, certificatePath }) =>
      startProgram([path, apiRoot, protocol], { env: { SSL_CERT_FILE: certificatePath } }),
  };
}
