import type { Command } from 'commander';
import type { Actions, Flags } from './actions.ts';
import { addConnection, outputOption } from './options.ts';

const HISTORY_PLACE = `
Asks the standalone that runs on this machine. For a cluster this comes with the operator's admin
API, which is not there yet.`;

/** The commands that show what was. */
export function addHistory(program: Command, actions: Actions): void {
  const [hours, days] = ['--hours <number>', '--days <number>'];
  const history = program
    .command('history')
    .description('show how a bot did')
    .argument('<name>')
    .option(hours, 'how far back, up to 168', '24')
    .action((name: string, flags: Flags) => actions.history(flags, [name]));
  const incidents = program
    .command('incidents')
    .description('show when bots were not well, and why')
    .argument('[name]', 'one bot; all of the namespace unless given')
    .option('-A, --all-namespaces', 'the bots of all namespaces')
    .option(hours, 'how far back, up to 168', '24')
    .action((name: string | undefined, flags: Flags) =>
      actions.incidents(flags, name === undefined ? [] : [name]),
    );
  const usage = program
    .command('usage')
    .description('show how much a bot is used, and what for')
    .argument('<name>')
    .option(days, 'how far back, up to 366', '7')
    .action((name: string, flags: Flags) => actions.usage(flags, [name]));
  const errors = program
    .command('errors')
    .description('show which errors a bot had')
    .argument('<name>')
    .option(days, 'how far back, up to 366', '7')
    .action((name: string, flags: Flags) => actions.errors(flags, [name]));
  for (const command of [history, incidents, usage, errors]) {
    command.addOption(outputOption('table', 'json', 'csv')).addHelpText('after', HISTORY_PLACE);
    addConnection(command);
  }
}
