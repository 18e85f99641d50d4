/**
 * An echo bot as a user of grammY writes it. Settings come from the environment: BOT_TOKEN,
 * API_ROOT, and for a webhook PORT and WEBHOOK_SECRET.
 */
import { createServer } from 'node:http';
import { Bot, webhookCallback } from 'grammy';

const { BOT_TOKEN = '', API_ROOT = '', PORT, WEBHOOK_SECRET = '' } = process.env;

const bot = new Bot(BOT_TOKEN, { client: { apiRoot: API_ROOT } });
bot.on('message:text', (context) => context.reply(context.message.text));
bot.catch(({ error }) => console.error('cannot answer:', error));

if (PORT === undefined) {
  process.once('SIGTERM', () => void bot.stop());
  await bot.start({ onStart: () => console.log('polling') });
} else {
  const answer = webhookCallback(bot, 'http', { secretToken: WEBHOOK_SECRET });
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      console.error('cannot answer:', error);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  server.listen(Number(PORT), '127.0.0.1');
  await bot.api.setWebhook(`http://127.0.0.1:${PORT}/`, { secret_token: WEBHOOK_SECRET });
  console.log('webhook is set');
  process.once('SIGTERM', () => process.exit());
}
