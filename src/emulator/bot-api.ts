import { sleep } from '../lib/clock.ts';
import { ApiError, badRequest } from './api-error.ts';
import { Args, type RawArgs } from './args.ts';
import type { Bot } from './bot.ts';
import type { FaultPlan, Faults } from './faults.ts';
import { type CallOutcome, type CallRecord, keptParameters } from './ledger.ts';
import type { Limits } from './limits/limits.ts';
import type { Answer, Method, WebhookHost } from './methods/method.ts';
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
  readonly limits: Limits;
  readonly webhooks: WebhookHost;
  readonly unknownTokens: 'reject' | 'create';
}

/** A call by a bot whose token was good; `method` is undefined where there is no such one. */
interface NamedCall {
  readonly bot: Bot;
  readonly method: Method | undefined;
  /** In lower case. */
  readonly name: string;
  readonly args: Args;
}

/** What a token opens: a bot, perhaps one that may not call now, or nothing. */
type Opened =
  | { readonly bot: Bot; readonly refusal?: undefined }
  | { readonly bot: Bot | undefined; readonly refusal: ApiError };

/** What became of a call, for the ledger. */
interface Ending {
  readonly answer?: Answer;
  readonly error?: ApiError;
  readonly fault?: string | undefined;
}

/** Methods that the server answers by itself: an overloaded bot may still call them. */
const LOCAL_METHODS: ReadonlySet<string> = new Set([
  'close',
  'logout',
  'getme',
  'getupdates',
  'setwebhook',
  'deletewebhook',
  'getwebhookinfo',
]);

/** The Bot API without its transport: from a token, a method and arguments to an answer. */
export class BotApi {
  readonly #options: BotApiOptions;
  readonly #methods: ReadonlyMap<string, Method> = methodTable();

  constructor(options: BotApiOptions) {
    this.#options = options;
  }

  /** Carries out a call from `address` as it came in over HTTP, with the faults that it meets. */
  async handle(path: CallPath, raw: RawArgs, address: string): Promise<Handled> {
    const { world, faults, limits } = this.#options;
    const args = new Args(raw);
    const name = (path.method === '' ? args.text('method') : path.method).toLowerCase();
    const method = this.#methods.get(name);
    const opened = this.#open(path.token, address);
    const record = world.ledger.startCall({
      bot: opened.bot?.name ?? null,
      method: method?.name ?? name.slice(0, 64),
      via: 'request',
      parameters: keptParameters(raw, args),
    });
    if (opened.refusal) {
      const outcome = { error: opened.refusal };
      return this.#handled(record, replyTo(outcome), outcome);
    }
    const { bot } = opened;
    if (name !== 'close') bot.loadedAtMs ??= world.clock.monotonicMs();
    bot.activeCalls++;
    const release = (): void => {
      bot.activeCalls--;
      const isOpen = bot.loadedAtMs !== undefined && world.botByToken(path.token) === bot;
      limits.endUse(path.token, isOpen);
    };
    try {
      const plan = faults.plan({ botId: bot.id, method: name, chatId: args.text('chat_id') });
      const how = await this.#carryOut({ bot, method, name, args }, plan);
      return this.#handled(record, how.reply, how, release);
    } catch (error) {
      release();
      throw error;
    }
  }

  async #carryOut(call: NamedCall, plan: FaultPlan): Promise<Ending & { readonly reply: Reply }> {
    const { clock } = this.#options.world;
    const fault = plan.label;
    if (plan.delayMs > 0) await sleep(clock, plan.delayMs);
    const early = earlyReply(plan.effect);
    if (early) return { reply: early, fault };
    const outcome = (await this.#overloaded(call)) ?? (await this.#run(call));
    return { reply: lateReply(plan.effect, replyTo(outcome)), ...outcome, fault };
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
      parameters: keptParameters(raw, args),
    });
    const outcome = await this.#run({ bot, method, name, args });
    this.#handled(record, replyTo(outcome), outcome).sent(false);
  }

  #open(token: string, address: string): Opened {
    const { world, limits } = this.#options;
    const known = world.botByToken(token);
    const refusal = known ? undefined : refusalByShape(token);
    if (refusal) return { bot: undefined, refusal };
    const bot = known ?? this.#createdBot(token);
    // A webhook keeps its bot loaded.
    const cold = bot?.webhook ? undefined : limits.refuseCold(token, address, bot !== undefined);
    if (cold) return { bot, refusal: cold };
    return bot ? { bot } : { bot, refusal: world.refusalOf(token) };
  }

  #createdBot(token: string): Bot | undefined {
    const { world, unknownTokens } = this.#options;
    if (unknownTokens !== 'create' || world.knowsToken(token)) return undefined;
    return createdBot(world, token);
  }

  async #overloaded({ bot, name }: NamedCall): Promise<Outcome | undefined> {
    const { world, limits } = this.#options;
    const overload = LOCAL_METHODS.has(name) ? undefined : limits.overload(bot.activeCalls);
    if (!overload) return undefined;
    await sleep(world.clock, overload.delayMs);
    return { error: overload.error };
  }

  async #run({ bot, method, name, args }: NamedCall): Promise<Outcome> {
    const { world, webhooks, limits } = this.#options;
    try {
      const nowMs = world.clock.monotonicMs();
      if (nowMs < bot.loggedOutUntilMs) throw new ApiError(400, 'Logged out');
      if (name === 'close' && bot.loadedAtMs === undefined) {
        throw badRequest('the bot has already been closed');
      }
      if (!method) throw new ApiError(404, 'Not Found: method not found');
      return { answer: await method.run({ world, bot, args, webhooks, limits }) };
    } catch (error) {
      if (error instanceof ApiError) return { error };
      throw error;
    }
  }

  #handled(
    record: CallRecord,
    reply: Reply,
    { answer, error, fault }: Ending,
    release: () => void = () => undefined,
  ): Handled {
    const { ledger } = this.#options.world;
    return {
      reply,
      sent(clientGone) {
        release();
        const arrived = reply.kind === 'answer' && !clientGone;
        for (const { item } of arrived ? (answer?.updates ?? []) : []) {
          ledger.addDelivery(item.record, 'poll', 'sent');
        }
        ledger.endCall(record, {
          status: reply.kind === 'answer' ? reply.status : 0,
          ok: answer !== undefined,
          ...(error && seenError(error)),
          ...(answer?.messageId !== undefined && { messageId: answer.messageId }),
          ...(fault !== undefined && { fault }),
          ...(clientGone && { clientGone }),
        });
      },
    };
  }
}

function seenError({ message, limit }: ApiError): Pick<CallOutcome, 'description' | 'limit'> {
  return { description: message, ...(limit !== undefined && { limit }) };
}

/** What the server answers without looking the token up; undefined where it has to. */
function refusalByShape(token: string): ApiError | undefined {
  const { kind } = tokenShape(token);
  switch (kind) {
    case 'none':
      return new ApiError(404, 'Not Found');
    case 'impossible':
      return new ApiError(401, 'Unauthorized: invalid token specified');
    case 'possible':
      return undefined;
    default:
      return kind satisfies never;
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
