import { Command, Option } from 'commander';
import type { z } from 'zod';
import type { BotRequest } from '../api/bot-requests.ts';
import { emulatorFlags } from '../emulator/options.ts';
import { redactTokens } from '../lib/secret.ts';
import { MIGRATE_SETTINGS } from './migrate-settings.ts';
import { OPERATOR_SETTINGS } from './operator-settings.ts';
import { RUNTIME_SETTINGS } from './runtime-settings.ts';
import { flagName, settingsSchema } from './settings.ts';

/** What runs behind each command. `words` are the arguments, `flags` by their camel-case names. */
export interface Actions {
  standalone(flags: Flags): Promise<void>;
  operator(flags: Flags): Promise<void>;
  emulator(flags: Flags): Promise<void>;
  runtime(flags: Flags): Promise<void>;
  crds(flags: Flags): Promise<void>;
  migrate(flags: Flags): Promise<void>;
  forget(flags: Flags): Promise<void>;
  get(flags: Flags, words: readonly string[]): Promise<void>;
  describe(flags: Flags, words: readonly string[]): Promise<void>;
  retries(flags: Flags): Promise<void>;
  shards(flags: Flags): Promise<void>;
  history(flags: Flags, words: readonly string[]): Promise<void>;
  incidents(flags: Flags, words: readonly string[]): Promise<void>;
  usage(flags: Flags, words: readonly string[]): Promise<void>;
  errors(flags: Flags, words: readonly string[]): Promise<void>;
  ask(request: BotRequest, flags: Flags, names: readonly string[]): Promise<void>;
  chat(flags: Flags, words: readonly string[]): Promise<void>;
  send(flags: Flags, words: readonly string[]): Promise<void>;
}

/** Flags as they were given; what was not given is not there. */
export type Flags = Readonly<Record<string, unknown>>;

/** The command line: what there is, and which action each command calls. */
export function makeProgram(version: string, actions: Actions): Command {
  const program = new Command('tenantbot')
    .description('Runs Telegram bots for many tenants.')
    .version(version)
    .showHelpAfterError('(--help shows what there is)')
    .configureOutput({ outputError: (text, write) => write(redactTokens(text)) })
    .addHelpText(
      'after',
      `
To see it work, without a token of Telegram:
  $ tenantbot standalone          runs the sample bots against a built-in emulator
  $ tenantbot send greeter /start says something to one of them`,
    );
  addRunners(program, actions);
  addReaders(program, actions);
  addHistory(program, actions);
  addAskers(program, actions);
  addTalkers(program, actions);
  return program;
}

const EVERY_FLAG = `
Every flag is also an environment variable (--log-level is TENANTBOT_LOG_LEVEL) and a setting of
the config file (logLevel). Flags win over the environment, the environment over the file.`;

function addRunners(program: Command, actions: Actions): void {
  const standalone = program
    .command('standalone')
    .description('run bots on this machine, from manifests in files and folders')
    .action((flags: Flags) => actions.standalone(flags))
    .addHelpText('after', EVERY_FLAG);
  addSettings(standalone, settingsSchema);
  standalone.addOption(configOption());

  const operator = program
    .command('operator')
    .description('run bots on Kubernetes: one replica of the operator')
    .action((flags: Flags) => actions.operator(flags))
    .addHelpText('after', EVERY_FLAG);
  addSettings(operator, OPERATOR_SETTINGS.schema);
  operator.addOption(configOption());

  const emulator = program
    .command('emulator')
    .description('serve the Bot API on this machine, for trying out and for tests')
    .action((flags: Flags) => actions.emulator(flags));
  for (const [name, schema] of Object.entries(emulatorFlags.shape)) {
    const isSwitch = schema.safeParse(true).success && !schema.safeParse('1').success;
    const flag = isSwitch ? flagName(name) : `${flagName(name)} <value>`;
    emulator.addOption(new Option(flag, schema.description));
  }

  const runtime = program
    .command('runtime')
    .description('host the bots of one shard, as the leader of an operator says')
    .action((flags: Flags) => actions.runtime(flags));
  addSettings(runtime, RUNTIME_SETTINGS.schema);
  runtime.addOption(configOption());

  const migrate = program
    .command('migrate')
    .description('bring the database of the history to what this version needs')
    .option('--status', 'only show what ran and what is to run')
    .option('--to <number>', 'the last migration to run; all unless given')
    .action((flags: Flags) => actions.migrate(flags));
  addSettings(migrate, MIGRATE_SETTINGS.schema);
  migrate.addOption(configOption());

  const forget = program
    .command('forget')
    .description('take the number of a user of Telegram out of the history')
    .requiredOption('--user <number>', 'who is to be forgotten')
    .action((flags: Flags) => actions.forget(flags));
  addSettings(forget, MIGRATE_SETTINGS.schema);
  forget.addOption(configOption());

  program
    .command('crds')
    .description('print the CustomResourceDefinitions, for kubectl apply -f -')
    .option('--write', 'write them and the reference page into the project instead')
    .action((flags: Flags) => actions.crds(flags));
}

function addReaders(program: Command, actions: Actions): void {
  const get = program
    .command('get')
    .description('show bots and how they do; `get fleets` shows fleets')
    .argument('[name...]', 'a bot; or "fleets", and the name of one')
    .option('-w, --watch', 'go on with every change')
    .option('-o, --output <format>', 'wide, yaml or json')
    .option('-A, --all-namespaces', 'the bots of all namespaces')
    .option(
      '--field-selector <fields>',
      'only those with such fields: status.health.state=Unhealthy',
    )
    .action((names: string[], flags: Flags) => actions.get(flags, names));
  addConnection(get);
  const describe = program
    .command('describe')
    .description('show one bot with all that is known of it')
    .argument('<name>')
    .action((name: string, flags: Flags) => actions.describe(flags, [name]));
  addConnection(describe);
  const shards = program
    .command('shards')
    .description("show the shards of fleets, and what each has of its fleet's limits")
    .option('--fleet <name>', 'those of one fleet')
    .option('-n, --namespace <namespace>', 'namespace of the fleets; all unless given')
    .option('-o, --output <format>', 'wide (with single methods), yaml or json')
    .action((flags: Flags) => actions.shards(flags));
  addPlace(shards);
  program
    .command('retries')
    .description('show which calls to Telegram were tried again, and how that ended')
    .option('--reset', 'and begin to count anew')
    .addOption(settingOption('data', settingsSchema.shape.data))
    .addOption(configOption())
    .action((flags: Flags) => actions.retries(flags));
}

const HISTORY_PLACE = `
Asks the standalone that runs on this machine. For a cluster this comes with the operator's admin
API, which is not there yet.`;

function addHistory(program: Command, actions: Actions): void {
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
    command
      .option('-o, --output <format>', 'table, json or csv')
      .addHelpText('after', HISTORY_PLACE);
    addConnection(command);
  }
}

function addAskers(program: Command, actions: Actions): void {
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
      .option('-n, --namespace <namespace>', 'namespace of the bots')
      .option('--concurrency <number>', 'how many bots at once', '10')
      .option('--timeout <time>', 'how long one bot may take: 5s, 1m', '30s')
      .action((names: string[], flags: Flags) => actions.ask(request, flags, names));
    addPlace(command);
  }
}

function addTalkers(program: Command, actions: Actions): void {
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

/** What every command needs that asks a cluster or a running standalone. */
function addPlace(command: Command): void {
  command
    .option('--kubeconfig <file>', 'ask a cluster, not a standalone')
    .option('--context <name>', "in place of the kubeconfig's current context")
    .addOption(settingOption('data', settingsSchema.shape.data))
    .addOption(configOption());
}

/** What every command needs that asks a running standalone. */
function addConnection(command: Command): void {
  command.option('-n, --namespace <namespace>', 'namespace of the bot', 'default');
  command.addOption(settingOption('data', settingsSchema.shape.data));
  command.addOption(configOption());
}

function addSettings(command: Command, schema: z.ZodObject): void {
  for (const [name, setting] of Object.entries<z.ZodType>(schema.shape)) {
    const option = settingOption(name, setting);
    if (setting.safeParse(undefined).data === true) {
      // What is on unless said otherwise; without the other flag the default would count as given.
      command.addOption(new Option(flagName(name)).hideHelp());
      command.addOption(new Option(`--no-${flagName(name).slice(2)}`, option.description));
    } else command.addOption(option);
  }
}

function settingOption(name: string, setting: z.ZodType): Option {
  const isSwitch = setting.safeParse(true).success;
  const isList = setting.safeParse(['text']).success;
  const value = isSwitch ? '' : isList ? ' <value...>' : ' <value>';
  const option = new Option(`${flagName(name)}${value}`, setting.description);
  const byDefault: unknown = setting.safeParse(undefined).data;
  // Said, not set: a default must not look like a flag that was given.
  if (byDefault !== undefined && byDefault !== false) {
    option.description += ` (default: ${JSON.stringify(byDefault)})`;
  }
  return option;
}

function configOption(): Option {
  return new Option('--config <file>', 'YAML file with settings, such as config/standalone.yaml');
}
