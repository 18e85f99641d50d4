import { Writable } from 'node:stream';
import { Api, Context } from 'grammy';
import type { Update, UserFromGetMe } from 'grammy/types';
import { expect } from 'vitest';
import { type Handler, handlerSchema } from '../../../src/api/handlers.ts';
import { tenantBotSpecSchema } from '../../../src/api/tenant-bot.ts';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { Secret } from '../../../src/lib/secret.ts';
import { compileHandlers, type HandlerDeps } from '../../../src/runtime/handlers/compile.ts';
import type { TryUsage } from '../../../src/runtime/usage.ts';
import { createLog } from '../../../src/telemetry/log.ts';

/** A call that reached the Bot API, or would have. */
export interface RecordedCall {
  readonly method: string;
  readonly [param: string]: unknown;
}

/** How the Bot API answers: with a result, unless this gives an error. */
export type Refuse = (
  call: RecordedCall,
) => { error_code: number; description: string } | undefined;

export const SIGNING_KEY = 'a key for tests only';
export const START_WALL_MS = 1_767_225_600_123;

const ME = {
  id: 42,
  is_bot: true,
  first_name: 'Greeter Bot',
  username: 'Greeter_Bot',
} as UserFromGetMe;

/** A bot with `handlers`, and what became of the calls that they made. Nothing leaves the process. */
export function triedBot(
  handlers: readonly object[],
  options: Partial<HandlerDeps> & { readonly refuse?: Refuse } = {},
) {
  const calls: RecordedCall[] = [];
  const logLines: string[] = [];
  const api = new Api('42:nothing-that-would-work');
  api.config.use(async (_prev, method, payload) => {
    const call = { method, ...JSON.parse(JSON.stringify(payload)) } as RecordedCall;
    calls.push(call);
    const refusal = options.refuse?.(call);
    return refusal ? { ok: false, ...refusal } : { ok: true, result: true as never };
  });

  const spec = tenantBotSpecSchema.parse({
    tokenSecretRef: { name: 'token' },
    handlers: handlers.map((handler): Handler => handlerSchema.parse(handler)),
  });
  const destination = new Writable({
    write(chunk, _encoding, done) {
      logLines.push(String(chunk));
      done();
    },
  });
  const compiled = compileHandlers(
    {
      spec,
      key: 'team-a/greeter',
      signingKeys: new Map(handlers.map((_handler, index) => [index, new Secret(SIGNING_KEY)])),
    },
    {
      clock: new AdjustableClock({ startWallMs: START_WALL_MS }),
      httpPost: () => Promise.reject(new Error('nothing is forwarded in this test')),
      gates: () => expect.fail('there are no gates in this test'),
      log: createLog({ level: 'debug', format: 'json', destination }),
      ...options,
    },
  );
  return {
    calls,
    logLines,
    allowedUpdates: compiled.allowedUpdates,
    handle: (update: Update, attempt = 1, signal = new AbortController().signal) =>
      compiled.handle({ ctx: new Context(update, api, ME), attempt, usage: UNBOUNDED }, signal),
  };
}

const UNBOUNDED: TryUsage = {
  timed: (slice) => slice(),
  turn: () => undefined,
  hold: () => undefined,
  [Symbol.dispose]: () => undefined,
};

/** A private message of Ann; `fields` replace what they name. */
export function message(fields: object): Update {
  return {
    update_id: 1,
    message: {
      message_id: 10,
      date: 0,
      chat: { id: 7, type: 'private', first_name: 'Ann' },
      from: { id: 7, is_bot: false, first_name: 'Ann', username: 'ann' },
      ...fields,
    },
  };
}
