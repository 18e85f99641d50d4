import { sleep } from '../lib/clock.ts';
import { ApiError, errorBody } from './api-error.ts';
import { Args, type RawArgs } from './args.ts';
import type { Bot } from './bot.ts';
import type { FaultEffect, FaultPlan, Faults } from './faults.ts';
import { type CallOutcome, type CallRecord, keptParameters } from './ledger.ts';
import type { Answer, Method, WebhookHost } from './methods/method.ts';
import { methodTable } from './methods/table.ts';
import { Problem } from './problem.ts';
import { type CallPath, tokenShape } from './tokens.ts';
import type { World } from './world.ts';

/** What goes back over the wire, or how it fails to. */
export type Reply =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly body: string;
      readonly type?: string;
    }
  | { readonly kind: 'truncated'; readonly status: number; readonly body: string }
  | { readonly kind: 'reset' }
  | { readonly kind: 'hang' };

/** One call on its way: what to send, and whom to tell how that went. */
export interface Handled {
  readonly reply: Reply;
  readonly retryAfterSeconds?: number | undefined;
  /** To be called once: whether the answer could be handed to the client. */
  readonly sent: (clientGone: boolean) => void;
}

/** What the API stands on. */
export interface BotApiOptions {
  readonly world: World;
  readonly faults: Faults;
  readonly webhooks: WebhookHost;
  readonly unknownTokens: 'reject' | 'create';
}

type Outcome = { readonly answer: Answer } | { readonly error: ApiError };

/** The Bot API without its transport: from a token, a method and arguments to an answer. */
export class BotApi {
  readonly #options: BotApiOptions;
  readonly #methods: ReadonlyMap<string, Method> = methodTable();

  constructor(options: BotApiOptions) {
    this.#options = options;
  }

  /** Carries out a call as it came in over HTTP, with the faults that it meets. */
  async handle(path: CallPath, raw: RawArgs): Promise<Handled> {
    const { world, faults } = this.#options;
    const args = new Args(raw);
    const name = (path.method === '' ? args.text('method') : path.method).toLowerCase();
    const method = this.#methods.get(name);
    const bot = this.#authenticate(path.token);
    const record = world.ledger.startCall({
      bot: bot instanceof ApiError ? null : bot.name,
      method: method?.name ?? name.slice(0, 64),
      via: 'request',
      parameters: keptParameters(args),
    });
    if (bot instanceof ApiError) return this.#finish(record, { error: bot });
    const plan = faults.plan(bot.id, name);
    if (plan.delayMs > 0) await sleep(world.clock, plan.delayMs);
    const early = earlyReply(plan.effect);
    if (early) return this.#broken(record, plan, early);
    const outcome = await this.#run(bot, method, args);
    return this.#finish(record, outcome, plan);
  }

  /** Carries out a call that a webhook's answer asks for; nobody hears the result. */
  async handleWebhookAnswer(bot: Bot, raw: RawArgs): Promise<void> {
    const args = new Args(raw);
    const name = args.text('method').toLowerCase();
    if (!possibleInAnswer(name)) return;
    const method = this.#methods.get(name);
    const record = this.#options.world.ledger.startCall({
      bot: bot.name,
      method: method?.name ?? name.slice(0, 64),
      via: 'webhook-answer',
      parameters: keptParameters(args),
    });
    this.#finish(record, await this.#run(bot, method, args)).sent(false);
  }

  #authenticate(token: string): Bot | ApiError {
    const { world, unknownTokens } = this.#options;
    const shape = tokenShape(token);
    if (shape.kind === 'none') return new ApiError(404, 'Not Found');
    if (shape.kind === 'impossible') {
      return new ApiError(401, 'Unauthorized: invalid token specified');
    }
    const bot = world.botByToken(token);
    if (bot) return bot;
    const created =
      unknownTokens === 'create' && !world.knowsToken(token) ? createdBot(world, token) : undefined;
    return created ?? new ApiError(401, 'Unauthorized');
  }

  async #run(bot: Bot, method: Method | undefined, args: Args): Promise<Outcome> {
    const { world, webhooks } = this.#options;
    try {
      const nowMs = world.clock.wallMs();
      if (nowMs < bot.loggedOutUntilMs) throw new ApiError(400, 'Logged out');
      bot.loadedAtMs ??= nowMs;
      if (!method) throw new ApiError(404, 'Not Found: method not found');
      return { answer: await method.run({ world, bot, args, webhooks }) };
    } catch (error) {
      if (error instanceof ApiError) return { error };
      throw error;
    }
  }

  #finish(record: CallRecord, outcome: Outcome, plan?: FaultPlan): Handled {
    const { ledger } = this.#options.world;
    const answered = 'answer' in outcome ? outcome.answer : undefined;
    const reply = lateReply(plan?.effect, wireAnswer(outcome));
    const fault = plan?.label === undefined ? {} : { fault: plan.label };
    return {
      reply,
      retryAfterSeconds: 'error' in outcome ? outcome.error.parameters?.retry_after : undefined,
      sent: (clientGone) => {
        const arrived = reply.kind === 'answer' && !clientGone;
        for (const { item } of arrived ? (answered?.updates ?? []) : []) {
          ledger.addDelivery(item.record, 'poll', 'sent');
        }
        ledger.endCall(record, {
          ...toOutcome(outcome, reply),
          ...fault,
          ...(clientGone && { clientGone }),
        });
      },
    };
  }

  #broken(record: CallRecord, plan: FaultPlan, reply: Reply): Handled {
    const { effect, label } = plan;
    return {
      reply,
      retryAfterSeconds: effect?.kind === 'status' ? effect.retryAfterSeconds : undefined,
      sent: (clientGone) =>
        this.#options.world.ledger.endCall(record, {
          status: reply.kind === 'answer' ? reply.status : 0,
          ok: false,
          ...(label !== undefined && { fault: label }),
          ...(clientGone && { clientGone }),
        }),
    };
  }
}

/** Undefined where the bot can't be: its id or its username is another's, or there are too many. */
function createdBot(world: World, token: string): Bot | undefined {
  try {
    return world.createBot({ token }).bot;
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

/** Methods whose whole point is their result, or that would end the webhook, are left out. */
function possibleInAnswer(name: string): boolean {
  const excluded = ['deletewebhook', 'setwebhook', 'close', 'logout'];
  return name !== '' && !name.startsWith('get') && !excluded.includes(name);
}

function wireAnswer(outcome: Outcome): { readonly status: number; readonly body: string } {
  if ('error' in outcome) {
    return { status: outcome.error.status, body: errorBody(outcome.error) };
  }
  const { resultJson, description } = outcome.answer;
  const remark = description === undefined ? '' : `,"description":${JSON.stringify(description)}`;
  return { status: 200, body: `{"ok":true,"result":${resultJson}${remark}}` };
}

function toOutcome(outcome: Outcome, reply: Reply): CallOutcome {
  const status = reply.kind === 'answer' ? reply.status : 0;
  if ('error' in outcome) return { status, ok: false, description: outcome.error.message };
  const { messageId } = outcome.answer;
  return { status, ok: true, ...(messageId !== undefined && { messageId }) };
}

/** What a fault answers instead of carrying out the call. */
function earlyReply(effect: FaultPlan['effect']): Reply | undefined {
  switch (effect?.kind) {
    case undefined:
    case 'truncate':
      return undefined;
    case 'reset':
    case 'hang':
      return effect.when === 'before' ? { kind: effect.kind } : undefined;
    case 'status':
      return { kind: 'answer', status: effect.status, body: errorBody(injectedError(effect)) };
    case 'html':
      return {
        kind: 'answer',
        status: effect.status,
        body: htmlPage(effect.status),
        type: 'text/html',
      };
    case 'empty':
      return { kind: 'answer', status: effect.status, body: '' };
    case 'not-ok': {
      const { description } = effect;
      return {
        kind: 'answer',
        status: 200,
        body: JSON.stringify({ ok: false, error_code: 400, description }),
      };
    }
    default:
      return effect satisfies never;
  }
}

/** What a fault makes of the answer of a call that has been carried out. */
function lateReply(
  effect: FaultPlan['effect'],
  answered: { readonly status: number; readonly body: string },
): Reply {
  if (effect?.kind === 'truncate') return { kind: 'truncated', ...answered };
  if (effect?.kind === 'reset' || effect?.kind === 'hang') return { kind: effect.kind };
  return { kind: 'answer', ...answered };
}

function injectedError(effect: Extract<FaultEffect, { kind: 'status' }>): ApiError {
  const { status, retryAfterSeconds, description } = effect;
  const usual =
    retryAfterSeconds === undefined
      ? (USUAL_TEXTS[status] ?? 'Internal Server Error')
      : `Too Many Requests: retry after ${retryAfterSeconds}`;
  const parameters =
    retryAfterSeconds === undefined ? undefined : { retry_after: retryAfterSeconds };
  return new ApiError(status, description ?? usual, parameters);
}

const USUAL_TEXTS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

function htmlPage(status: number): string {
  const text = `${status} ${USUAL_TEXTS[status] ?? 'Error'}`;
  return `<html>\r\n<head><title>${text}</title></head>\r\n<body><center><h1>${text}</h1></center></body>\r\n</html>\r\n`;
}
