import type { RequestListener } from 'node:http';
import { text } from 'node:stream/consumers';
import { Api, InputFile } from 'grammy';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import { classifyThrown } from '../../../src/runtime/telegram/call-error.ts';
import { grammyClientOptions } from '../../../src/runtime/telegram/grammy-fetch.ts';
import { TelegramTransport } from '../../../src/runtime/transport/telegram-transport.ts';
import { hostileServer } from '../transport/hostile-server.ts';

const TOKEN = `1234567:${'A'.repeat(35)}`;

/** Runs `work` with a grammY client whose Bot API server is `listener`, below a path. */
async function withApi<Result>(
  listener: (...args: Parameters<RequestListener>) => unknown,
  work: (api: Api) => Promise<Result>,
): Promise<Result> {
  await using server = await hostileServer((request, response) => void listener(request, response));
  const settings = { apiRoot: `${server.origin}/below/`, http2: false };
  const transport = new TelegramTransport(settings, systemClock);
  try {
    return await work(new Api(TOKEN, grammyClientOptions(transport)));
  } finally {
    await transport.close();
  }
}

test("grammY's client uploads files over the transport", async () => {
  const seen: unknown[] = [];
  const sent = await withApi(
    async (request, response) => {
      seen.push(request.url, request.headers['content-type'], await text(request));
      response.end(JSON.stringify({ ok: true, result: { message_id: 5 } }));
    },
    (api) => api.sendDocument(1, new InputFile(Buffer.from('the file'), 'a.txt')),
  );
  expect(sent).toEqual({ message_id: 5 });
  expect(seen).toEqual([
    `/below/bot${TOKEN}/sendDocument`,
    expect.stringContaining('multipart/form-data; boundary='),
    expect.stringContaining('the file'),
  ]);
});

test('a refusal reaches grammY as such', async () => {
  const refusal = { ok: false, error_code: 403, description: 'Forbidden: bot was blocked' };
  const call = withApi(
    (_, response) => response.writeHead(403).end(JSON.stringify(refusal)),
    (api) => api.sendMessage(1, 'hello'),
  );
  await expect(call).rejects.toMatchObject({ name: 'GrammyError', error_code: 403 });
});

test('an answer that is none of the Bot API is classified, and shows no token', async () => {
  const error = await withApi(
    (_, response) => response.end('<html></html>'),
    (api) => api.sendMessage(1, 'hello').catch((thrown: unknown) => thrown),
  );
  expect(classifyThrown(error)).toMatchObject({ fault: 'unknown', mayHaveHappened: true });
  expect(String(error)).not.toContain('AAAA');
});

test("grammY's own signal ends the call", async () => {
  const stop = new AbortController();
  const call = withApi(
    () => stop.abort(),
    (api) => api.sendMessage(1, 'hello', {}, stop.signal as never),
  );
  const error = await call.catch((thrown: unknown) => thrown);
  expect(classifyThrown(error)).toMatchObject({ fault: 'aborted', mayHaveHappened: true });
});
