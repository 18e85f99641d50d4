import type { Command } from 'commander';
import type { GeneratedFile } from '../../api/crd/files.ts';
import { describedProgram } from './program.ts';

/** The page with all commands and their flags, as `--help` tells them. */
export function commandsPage(header: string): GeneratedFile {
  const program = describedProgram();
  const text = program
    .createHelp()
    .visibleCommands(program)
    .filter((command) => command.name() !== 'help')
    .flatMap((command) => sectionsOf(command, 'tenantbot'));
  const head = `<!-- ${header} -->\n# Commands\n\n[cli.md](cli.md) says how they are used.\n`;
  return { path: 'docs/commands.md', text: `${head}\n${text.join('\n')}` };
}

function sectionsOf(command: Command, parent: string): string[] {
  const name = `${parent} ${command.name()}`;
  if (command.commands.length > 0) return command.commands.flatMap((one) => sectionsOf(one, name));
  const args = command.registeredArguments.map((argument) => {
    const text = `${argument.name()}${argument.variadic ? '…' : ''}`;
    return argument.required ? ` <${text}>` : ` [${text}]`;
  });
  const flags = command.options
    .filter(({ hidden }) => !hidden)
    .map(({ flags, description, defaultValue }) => {
      const byDefault = defaultValue === undefined ? '' : ` (default: ${String(defaultValue)})`;
      return `| \`${cell(flags)}\` | ${cell(description)}${byDefault} |`;
    });
  const table = flags.length === 0 ? [] : ['', '| flag | |', '| --- | --- |', ...flags];
  const lines = [`## ${name}`, `\`${name}${args.join('')}\`: ${command.description()}.`, ...table];
  return [`${lines.join('\n')}\n`];
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
