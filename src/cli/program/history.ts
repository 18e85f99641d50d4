import type { Command } from 'commander';
import type { Actions, Flags } from './actions.ts';
import { addNamespacedPlace, outputOption } from './options.ts';

const HISTORY_PLACE = `
In a cluster the operator's admin API is asked, at --admin-url, with the token of the kubeconfig's
user, or with --token.`;

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
  const audit = program
    .command('audit')
    .description('show who changed what')
    .argument('[text]', 'how actor, action or object begins')
    .option('--since <time>', 'such as 2026-01-31T12:00:00Z')
    .option('--until <time>', 'such as 2026-01-31T12:00:00Z')
    .option('--limit <number>', 'how many at most, up to 1000', '50')
    .action((text: string | undefined, flags: Flags) =>
      actions.audit(flags, text === undefined ? [] : [text]),
    );
  for (const command of [history, incidents, usage, errors, audit]) {
    command.addOption(outputOption('table', 'json', 'csv')).addHelpText('after', HISTORY_PLACE);
    addNamespacedPlace(command);
    command
      .option('--admin-url <url>', 'address of the admin API')
      .option('--admin-ca <file>', "certificates (PEM) that the admin API's own is checked against")
      .option('--tls-server-name <name>', 'the name that this certificate has')
      .option('--token <token>', 'what one shows to the admin API');
  }
}
