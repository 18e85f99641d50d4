import { ApiError } from '../api-error.ts';
import type { PendingUpdate } from '../pending-update.ts';
import { updateJson } from '../pending-update.ts';
import type { PollResult } from '../poll-gate.ts';
import type { Answer, Call, Method } from './method.ts';

const MAX_POLL_SECONDS = 50;
/** The real server cuts an answer off there; what is left comes with the next call. */
const MAX_ANSWER_CHARS = 1 << 22;

/** Fetching updates. */
export const UPDATE_METHODS: readonly Method[] = [{ name: 'getUpdates', run: getUpdates }];

async function getUpdates({ bot, args }: Call): Promise<Answer> {
  const result = await new Promise<PollResult<PendingUpdate>>((resolve) => {
    if (bot.webhook) {
      bot.polls.refuse(
        "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
        resolve,
      );
      return;
    }
    bot.allowUpdates(args.text('allowed_updates'));
    bot.polls.request(
      {
        offset: args.integer('offset', { fallback: 0 }),
        limit: args.integer('limit', { fallback: 100, min: 1, max: 100 }),
        timeoutMs: args.integer('timeout', { fallback: 0, min: 0, max: MAX_POLL_SECONDS }) * 1_000,
      },
      resolve,
    );
  });
  if (result instanceof ApiError) throw result;
  return updatesAnswer(result);
}

function updatesAnswer(waiting: Extract<PollResult<PendingUpdate>, readonly unknown[]>): Answer {
  const bodies: string[] = [];
  let left = MAX_ANSWER_CHARS;
  for (const { id, item } of waiting) {
    const body = updateJson(id, item.json);
    left -= body.length;
    if (left <= 0) break;
    bodies.push(body);
  }
  return { resultJson: `[${bodies.join(',')}]`, updates: waiting.slice(0, bodies.length) };
}
