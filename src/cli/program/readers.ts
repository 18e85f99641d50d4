import { type Command, Option } from 'commander';
import { TOP_ORDERS } from '../top-orders.ts';
import type { Actions, Flags } from './actions.ts';
import { addNamespacedPlace, addPlace, addSelection, outputOption } from './options.ts';

/** The commands that show what is. */
export function addReaders(program: Command, actions: Actions): void {
  const get = program
    .command('get')
    .description('show bots and how they do; `get fleets` shows fleets')
    .argument('[name...]', 'a bot; or "fleets", and the name of one')
    .option('-w, --watch', 'go on with every change')
    .addOption(outputOption('wide', 'yaml', 'json', 'name'))
    .option(
      '--field-selector <fields>',
      'only those with such fields: status.health.state=Unhealthy',
    )
    .action((names: string[], flags: Flags) => actions.get(flags, names));
  addSelection(get);
  const describe = program
    .command('describe')
    .description('show one bot with all that is known of it')
    .argument('<name>')
    .action((name: string, flags: Flags) => actions.describe(flags, [name]));
  addNamespacedPlace(describe);
  const status = program
    .command('status')
    .description('show how many bots do how well, and which do not, and why')
    .argument('[name...]', 'only these bots')
    .addOption(outputOption('yaml', 'json'))
    .action((names: string[], flags: Flags) => actions.status(flags, names));
  addSelection(status);
  const top = program
    .command('top')
    .description('show the bots with most updates, errors, …')
    .argument('[name...]', 'only these bots')
    .addOption(
      new Option('--sort-by <order>', 'what they have most of')
        .choices(TOP_ORDERS)
        .default('updates'),
    )
    .option('--limit <number>', 'how many bots, up to 1000', '20')
    .addOption(outputOption('yaml', 'json'))
    .action((names: string[], flags: Flags) => actions.top(flags, names));
  addSelection(top);
  const shards = program
    .command('shards')
    .description("show the shards of fleets, and what each has of its fleet's limits")
    .option('--fleet <name>', 'those of one fleet')
    .option('-n, --namespace <namespace>', 'namespace of the fleets; all unless given')
    .addOption(outputOption('wide', 'yaml', 'json'))
    .action((flags: Flags) => actions.shards(flags));
  addPlace(shards);
  const open = program
    .command('open')
    .description('open the page of the standalone in the browser, logged in')
    .option('--print', 'only print its address, which is good once and for a minute')
    .action((flags: Flags) => actions.open(flags));
  addPlace(open);
  const retries = program
    .command('retries')
    .description('show which calls to Telegram were tried again, and how that ended')
    .option('--reset', 'and begin to count anew')
    .action((flags: Flags) => actions.retries(flags));
  addPlace(retries);
  const logs = program
    .command('logs')
    .description('print the log lines of a bot, from the pod that hosts it now')
    .argument('<name>')
    .option('-f, --follow', 'go on with every line until the pod ends')
    .option('--since <time>', 'how far back: 45s, 30m, 1h; all that is kept unless given')
    .action((name: string, flags: Flags) => actions.logs(flags, [name]));
  addNamespacedPlace(logs);
  const doctor = program
    .command('doctor')
    .description('find what is wrong with an installation, and say what to do')
    .option('--operator-namespace <namespace>', "the operator's; looked for unless given")
    .addOption(outputOption('yaml', 'json'))
    .action((flags: Flags) => actions.doctor(flags));
  addPlace(doctor);
}
