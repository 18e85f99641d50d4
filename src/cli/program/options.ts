import { type Command, Option } from 'commander';
import type { z } from 'zod';
import { flagName, settingsSchema } from '../settings.ts';

/** What every command has that asks a cluster or a running standalone. */
export function addPlace(command: Command): Command {
  return command
    .option('--kubeconfig <file>', 'ask the cluster of this kubeconfig')
    .option('--context <name>', 'ask the cluster of this context of the kubeconfig')
    .addOption(settingOption('data', settingsSchema.shape.data))
    .addOption(configOption());
}

/** What every command has beside that is about objects of one namespace. */
export function addNamespacedPlace(command: Command): Command {
  command.option(
    '-n, --namespace <namespace>',
    "the context's namespace, or default, unless given",
  );
  return addPlace(command);
}

/** What every command has that may be about many bots. */
export function addSelection(command: Command): Command {
  command
    .option('-A, --all-namespaces', 'the bots of all namespaces')
    .option('-l, --selector <labels>', 'only those with such labels: team=shop,tier!=test');
  return addNamespacedPlace(command);
}

/** What every command has that asks a running standalone. */
export function addConnection(command: Command): Command {
  return command
    .option('-n, --namespace <namespace>', 'namespace of the bot', 'default')
    .addOption(settingOption('data', settingsSchema.shape.data))
    .addOption(configOption());
}

/** The flag that says in which form a command answers. */
export function outputOption(...formats: readonly string[]): Option {
  return new Option('-o, --output <format>', 'the form of the answer').choices(formats);
}

/** Every setting as a flag. */
export function addSettings(command: Command, schema: z.ZodObject): void {
  for (const [name, setting] of Object.entries<z.ZodType>(schema.shape)) {
    const option = settingOption(name, setting);
    if (setting.safeParse(undefined).data === true) {
      // What is on unless said otherwise; without the other flag the default would count as given.
      command.addOption(new Option(flagName(name)).hideHelp());
      command.addOption(new Option(`--no-${flagName(name).slice(2)}`, option.description));
    } else command.addOption(option);
  }
}

/** A setting as a flag. */
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

/** The flag that names a file of settings. */
export function configOption(): Option {
  return new Option('--config <file>', 'YAML file with settings, such as config/standalone.yaml');
}
