import type { Command } from 'commander';
import type { Actions, Flags } from './actions.ts';
import { addNamespacedPlace, addSelection } from './options.ts';

/** The commands that have bots do something, or that change them. */
export function addAskers(program: Command, actions: Actions): void {
  const token = program.command('token').description("look after bots' tokens");
  const breaker = program.command('breaker').description("look after bots' circuit breakers");
  const askers = [
    ['checkToken', token.command('check'), 'have Telegram asked about tokens, now'],
    ['resetBreaker', breaker.command('reset'), 'have calls to Telegram made again at once'],
    [
      'restart',
      program.command('restart'),
      'start bots anew, also those that have crashed for good',
    ],
    ['persist', program.command('persist'), 'have how bots do told for the history, now'],
  ] as const;
  for (const [request, command, description] of askers) {
    command
      .description(description)
      .argument('[name...]', 'which bots')
      .option('--all', 'all bots of the namespace')
      .option('-A, --all-namespaces', 'the bots of all namespaces')
      .option('--concurrency <number>', 'how many bots at once', '10')
      .option('--timeout <time>', 'how long one bot may take: 5s, 1m', '30s')
      .action((names: string[], flags: Flags) => actions.ask(request, flags, names));
    addNamespacedPlace(command);
  }
  for (const [name, suspended, description] of SWITCHES) {
    const command = program
      .command(name)
      .description(description)
      .argument('[name...]', 'which bots')
      .option('--all', 'all bots of the namespace')
      .action((names: string[], flags: Flags) => actions.suspend(suspended, flags, names));
    addSelection(command);
  }
}

const SWITCHES = [
  ['suspend', true, 'stop bots, after what they have begun, but keep them'],
  ['resume', false, 'have suspended bots run again'],
] as const;
