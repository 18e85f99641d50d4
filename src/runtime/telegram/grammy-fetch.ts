import type { ApiClientOptions } from 'grammy';
import type { Dispatcher } from 'undici';
import type { TelegramTransport } from '../transport/telegram-transport.ts';
import { parseEnvelope } from './answer.ts';

const CALL_TIMEOUT_MS = 30_000;

/** What grammY hands to `fetch`: the part of a `RequestInit` that it uses. */
interface GrammyInit {
  readonly headers: Record<string, string>;
  readonly body: NonNullable<Dispatcher.DispatchOptions['body']>;
  readonly signal: AbortSignal;
}

/**
 * Options that make a grammY client send its calls over `transport`. A call that brings no answer
 * of the Bot API's form fails with grammY's `HttpError` around a `TransportError` or `CallError`.
 */
export function grammyClientOptions(transport: TelegramTransport): ApiClientOptions {
  const originLength = new URL(transport.apiRoot).origin.length;
  const send = async (url: string, init: GrammyInit) => {
    const answer = await transport.send({
      path: url.slice(originLength),
      method: 'POST',
      headers: { 'content-type': init.headers['content-type'] ?? 'application/json' },
      body: init.body,
      timeoutMs: CALL_TIMEOUT_MS,
      signal: init.signal,
    });
    const envelope = parseEnvelope(answer);
    return { json: () => envelope };
  };
  return {
    apiRoot: transport.apiRoot,
    fetch: send,
  };
}
