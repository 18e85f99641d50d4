/**
 * The emulator as a measured server, with as many bots as its argument says, each with a user who
 * has talked to it.
 */
import { sendText } from '../../../src/emulator/actions.ts';
import { startEmulator } from '../../../src/emulator/emulator.ts';
import { beServer } from './serving.ts';

const { apiRoot, world } = await startEmulator({ onDefect: (error) => console.error(error) });
const pairs = Array.from({ length: Number(process.argv[2]) }, (_, index) => {
  const { bot, token } = world.createBot({ username: `load_${index}_bot` });
  const user = world.createUser({ firstName: 'Ada' });
  world.openPrivateChat(bot, user);
  return { bot, token, user };
});

beServer({
  address: {
    port: Number(new URL(apiRoot).port),
    bots: pairs.map(({ token, user }) => ({ token, userId: user.id })),
  },
  heldPolls() {
    let held = 0;
    for (const { bot } of pairs) if (bot.polls.open) held++;
    return held;
  },
  sendUpdate(place) {
    const { bot, user } = pairs[place % pairs.length] ?? {};
    if (bot && user)
      sendText(world, { bot, from: user, chat: undefined, text: 'Hello to the bot' });
  },
});
