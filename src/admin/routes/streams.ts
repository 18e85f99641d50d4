import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { AdminApi, AdminDeps } from '../api.ts';
import type { AdminBackend, BotObject } from '../backend.ts';
import type { OpenStreams } from '../events/open-streams.ts';
import { EVENT_STREAM, SentEvents } from '../events/sent-events.ts';
import { findBot } from '../find-bot.ts';
import { RequestProblem } from '../problem.ts';
import { botParams, streamed } from './schemas.ts';

const MAX_TAIL = 1_000;
/** As long as a person may have typed. */
const MAX_TEXT = 100_000;
const as = z
  .string()
  .regex(/^@?[A-Za-z][A-Za-z0-9_]{2,31}$/, {
    error: 'must be a username: 3 to 32 of A–Z a–z 0–9 _, a letter first',
  })
  .describe('The username of who talks.');

/** What bots say: into the log, and to those who talk to them. */
export function addStreamRoutes(api: AdminApi, deps: AdminDeps, streams: OpenStreams): void {
  const { backend } = deps;
  /** Sends what `read` brings until it ends or whoever asked has gone. */
  const stream = (
    { caller, gone }: Pick<FastifyRequest, 'caller' | 'gone'>,
    reply: FastifyReply,
    read: (send: (data: string) => void, signal: AbortSignal) => Promise<void>,
  ): FastifyReply => {
    const release = streams.open(caller);
    const ended = new AbortController();
    const events = new SentEvents(deps.clock, () => {
      ended.abort();
      release();
    });
    gone.addEventListener('abort', () => events.finish(), { once: true });
    read((data) => events.sendEvent({ data }), ended.signal).then(
      () => events.finish(),
      // Who reads sees the end, and comes again.
      () => events.destroy(),
    );
    return reply.type(EVENT_STREAM).header('cache-control', 'no-store').send(events);
  };
  api.get(
    '/v1/bots/:namespace/:name/logs',
    {
      compress: false,
      schema: {
        tags: ['logs'],
        summary: "The last lines of a bot's log and those that come, as server-sent events",
        params: botParams,
        querystring: z.object({
          tail: z.coerce.number().int().min(0).max(MAX_TAIL).default(100),
          follow: z
            .enum(['true', 'false'])
            .default('true')
            .transform((word) => word === 'true'),
        }),
        response: streamed(EVENT_STREAM, 'JSON of one line in each `data`.'),
      },
    },
    async (request, reply) => {
      const wanted = { verb: 'get', part: 'logs' } as const;
      const bot = await findBot(deps, request, request.params, wanted);
      const { logs } = backend;
      if (!logs) throw new RequestProblem(409, 'NO_LOGS', 'logs of bots can’t be read here');
      return stream(request, reply, (send, signal) => logs.read(bot, request.query, send, signal));
    },
  );
  api.get(
    '/v1/bots/:namespace/:name/chat',
    {
      compress: false,
      schema: {
        tags: ['chat'],
        summary: 'What a bot says to a user from now on, as server-sent events',
        params: botParams,
        querystring: z.object({ as }),
        response: streamed(EVENT_STREAM, '`{"text": …}` in each `data`.'),
      },
    },
    async (request, reply) => {
      const { chat, botId } = partner(backend, await talkedTo(deps, request));
      return stream(request, reply, (send, signal) =>
        chat.listen(
          { as: request.query.as, botId },
          (text) => send(JSON.stringify({ text })),
          signal,
        ),
      );
    },
  );
  api.post(
    '/v1/bots/:namespace/:name/chat',
    {
      schema: {
        tags: ['chat'],
        summary: 'Says something to a bot as a user',
        params: botParams,
        body: z.strictObject({ as, text: z.string().min(1).max(MAX_TEXT) }),
        response: { 202: z.object({}) },
      },
    },
    async (request, reply) => {
      const { chat, botId } = partner(backend, await talkedTo(deps, request));
      await chat.say({ ...request.body, botId });
      return reply.code(202).send({});
    },
  );
}

/** Who makes a bot do something must be allowed to change it. */
function talkedTo(
  deps: AdminDeps,
  request: Pick<FastifyRequest, 'caller' | 'gone'> & {
    readonly params: z.output<typeof botParams>;
  },
): Promise<BotObject> {
  return findBot(deps, request, request.params, { verb: 'patch' });
}

function partner({ chat }: AdminBackend, { metadata, status }: BotObject) {
  if (!chat) {
    const words =
      'bots can be talked to here only where they talk to the emulator; use a Telegram app';
    throw new RequestProblem(409, 'NO_EMULATOR', words);
  }
  const botId = status.bot?.id;
  if (botId !== undefined) return { chat, botId };
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  const why = ready?.message ?? 'it has not started yet';
  throw new RequestProblem(409, 'BOT_NOT_READY', `${metadata.name} is not ready: ${why}`);
}
