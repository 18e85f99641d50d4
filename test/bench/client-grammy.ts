/** Many bots in one process with grammY as it comes. Its argument is the API's address. */
import { Bot } from 'grammy';
import { beMeasured } from './measured.ts';

const [, , apiRoot = ''] = process.argv;

beMeasured((tokens) => {
  for (const token of tokens) {
    const bot = new Bot(token, { client: { apiRoot } });
    bot.command('start', (context) => context.reply(`Hello ${context.from?.first_name}`));
    void bot.start();
  }
});
