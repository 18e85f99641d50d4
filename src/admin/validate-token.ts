import { Agent, request } from 'undici';
import { z } from 'zod';
import { parseToken, type TokenState } from '../api/token.ts';
import { errorCode } from '../lib/errors.ts';
import type { Secret } from '../lib/secret.ts';
import type { TelegramAddress } from './backend.ts';
import type { ValidatedToken } from './views/token.ts';

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 64 << 10;

const answerSchema = z.union([
  z.object({
    ok: z.literal(true),
    result: z.object({ id: z.int(), username: z.string(), first_name: z.string() }),
  }),
  z.object({ ok: z.literal(false), error_code: z.int(), description: z.string().optional() }),
]);

/**
 * What Telegram says of `token`. Never rejects on account of what Telegram does; the token goes
 * nowhere else, and is in no words.
 */
export async function validateToken(
  token: Secret,
  telegram: TelegramAddress,
  signal: AbortSignal,
): Promise<ValidatedToken> {
  const format = parseToken(token.reveal());
  if (!format.ok) return { state: 'InvalidFormat', message: format.message, bot: null };
  const agent = new Agent({
    connect: { ...(telegram.caBundle !== undefined && { ca: telegram.caBundle }) },
    maxResponseSize: MAX_ANSWER_BYTES,
  });
  try {
    const { body } = await request(`${telegram.apiRoot}/bot${format.token.reveal()}/getMe`, {
      dispatcher: agent,
      method: 'POST',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    return verdict(answerSchema.safeParse(await body.json()));
  } catch (error) {
    signal.throwIfAborted();
    return unknown(...faultOf(error));
  } finally {
    await agent.destroy();
  }
}

function verdict(answer: z.ZodSafeParseResult<z.output<typeof answerSchema>>): ValidatedToken {
  if (!answer.success) return unknown('UnknownError', 'What answers there is no Bot API server.');
  if (answer.data.ok) {
    const { id, username, first_name: name } = answer.data.result;
    return { state: 'Valid', message: '', bot: { id, username, name } };
  }
  const { error_code: code } = answer.data;
  // Telegram says 404 of a token that could never be one.
  if (code === 401 || code === 404) {
    return unknown(
      'Unauthorized',
      'Telegram does not accept the token. Ask @BotFather for it again.',
    );
  }
  return unknown('UnknownError', `Telegram answered with error ${code}; try again later.`);
}

function faultOf(error: unknown): [TokenState, string] {
  if (error instanceof Error && error.name === 'TimeoutError') {
    return ['Timeout', 'Telegram did not answer in time; try again.'];
  }
  const code = errorCode(error);
  const why = code === undefined ? '' : ` (${code})`;
  return ['NetworkError', `Telegram could not be reached${why}.`];
}

function unknown(state: TokenState, message: string): ValidatedToken {
  return { state, message, bot: null };
}
