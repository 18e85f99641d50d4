import { sleep } from '../lib/clock.ts';
import { ApiError } from './api-error.ts';
import { Args, type RawArgs } from './args.ts';
import type { Bot } from './bot.ts';
import type { Faults } from './faults.ts';
import { type CallRecord, keptParameters } from './ledger.ts';
import type { Method, WebhookHost } from './methods/method.ts';
import { methodTable } from './methods/table.ts';
import { Problem } from './problem.ts';
import { earlyReply, lateReply, type Outcome, type Reply, replyTo } from './reply.ts';
import { type CallPath, tokenShape } from './tokens.ts';
import type { World } from './world.ts';

/** One call on its way: what to send, and whom to tell how that went. */
export interface Handled {
  readonly reply: Reply;
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
    if (bot instanceof ApiError) {
      const outcome = { error: bot };
      return this.#handled(record, replyTo(outcome), { outcome });
    }
    const plan = faults.plan(bot.id, name);
    if (plan.delayMs > 0) await sleep(world.clock, plan.delayMs);
    const early = earlyReply(plan.effect);
    if (early) return this.#handled(record, early, { fault: plan.label });
    const outcome = await this.#run(bot, method, args);
    const reply = lateReply(plan.effect, replyTo(outcome));
    return this.#handled(record, reply, { outcome, fault: plan.label });
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
    const outcome = await this.#run(bot, method, args);
    this.#handled(record, replyTo(outcome), { outcome }).sent(false);
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
      const nowMs = world.clock.monotonicMs();
      if (nowMs < bot.loggedOutUntilMs) throw new ApiError(400, 'Logged out');
      bot.loadedAtMs ??= nowMs;
      if (!method) throw new ApiError(404, 'Not Found: method not found');
      return { answer: await method.run({ world, bot, args, webhooks }) };
    } catch (error) {
      if (error instanceof ApiError) return { error };
      throw error;
    }
  }

  #handled(
    record: CallRecord,
    reply: Reply,
    how: { readonly outcome?: Outcome; readonly fault?: string | undefined },
  ): Handled {
    const { ledger } = this.#options.world;
    const { outcome, fault } = how;
    const answer = outcome && 'answer' in outcome ? outcome.answer : undefined;
    const error = outcome && 'error' in outcome ? outcome.error : undefined;
    return {
      reply,
      sent(clientGone) {
        const arrived = reply.kind === 'answer' && !clientGone;
        for (const { item } of arrived ? (answer?.updates ?? []) : []) {
          ledger.addDelivery(item.record, 'poll', 'sent');
        }
        ledger.endCall(record, {
          status: reply.kind === 'answer' ? reply.status : 0,
          ok: answer !== undefined,
          ...(error && { description: error.message }),
          ...(answer?.messageId !== undefined && { messageId: answer.messageId }),
          ...(fault !== undefined && { fault }),
          ...(clientGone && { clientGone }),
        });
      },
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
