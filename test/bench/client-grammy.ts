/**
 * Many bots in one process with grammY: as it comes, or with its runner where the second argument
 * says `runner`. The first is the API's address.
 */
import { run } from '@grammyjs/runner';
import { Bot } from 'grammy';
import { beMeasured } from './measured.ts';

const [, , apiRoot = '', how] = process.argv;

beMeasured({
  add: (tokens) => {
    for (const token of tokens) {
      const bot = new Bot(token, { client: { apiRoot } });
      bot.command('start', (context) => context.reply(`Hello ${context.from?.first_name}`));
      if (how === 'runner') run(bot);
      else void bot.start();
    }
  },
});
