/**
 * The emulator as a measured server, with as many bots as its argument says, each with a user who
 * has talked to it. Updates come from a second interface: `POST` to it sends a text to that bot.
 */
import { startEmulator } from '../../../src/emulator/emulator.ts';
import { beServer } from './serving.ts';

const { apiRoot, world } = await startEmulator({ onDefect: (error) => console.error(error) });
const bots = Array.from({ length: Number(process.argv[2]) }, (_, index) => {
  const { bot, token } = world.createBot({ username: `load_${index}_bot` });
  const user = world.createUser({ firstName: 'Ada' });
  world.openPrivateChat(bot, user);
  return { token, userId: user.id };
});

beServer({ port: Number(new URL(apiRoot).port), bots }, () => {
  let held = 0;
  for (const bot of world.bots()) if (bot.polls.open) held++;
  return held;
});
