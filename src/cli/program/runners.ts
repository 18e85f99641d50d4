import { type Command, Option } from 'commander';
import { emulatorFlags } from '../../emulator/options.ts';
import { MIGRATE_SETTINGS } from '../migrate-settings.ts';
import { OPERATOR_SETTINGS } from '../operator-settings.ts';
import { RUNTIME_SETTINGS } from '../runtime-settings.ts';
import { flagName, settingsSchema } from '../settings.ts';
import type { Actions, Flags } from './actions.ts';
import { addSettings, configOption } from './options.ts';

const EVERY_FLAG = `
Every flag is also an environment variable (--log-level is TENANTBOT_LOG_LEVEL) and a setting of
the config file (logLevel). Flags win over the environment, the environment over the file.`;

/** The commands that run something. */
export function addRunners(program: Command, actions: Actions): void {
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
