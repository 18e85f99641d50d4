import type { Command } from 'commander';
import type { Actions, Flags } from './actions.ts';
import { addConnection } from './options.ts';

/** The commands that talk to bots. */
export function addTalkers(program: Command, actions: Actions): void {
  const chat = program
    .command('chat')
    .description('talk to a bot in the terminal, through the emulator; Ctrl-D ends')
    .argument('<name>')
    .option('--as <user>', 'username of the user who talks', 'you')
    .action((name: string, flags: Flags) => actions.chat(flags, [name]));
  addConnection(chat);
  const send = program
    .command('send')
    .description('say one thing to a bot, through the emulator, and print what it answers')
    .argument('<name>')
    .argument('<text>')
    .option('--as <user>', 'username of the user who talks', 'you')
    .option('--timeout <time>', 'how long to wait: 500ms, 5s, 1m', '5s')
    .action((name: string, text: string, flags: Flags) => actions.send(flags, [name, text]));
  addConnection(send);
}
