import type { Command, Option } from 'commander';
import type { Flags } from '../program/actions.ts';
import { type ParsedLine, parseLine } from './parse-line.ts';

/** What a shell may offer. */
export interface Completion {
  readonly candidates: readonly Candidate[];
  /** Whether the shell may offer files where there are no candidates. */
  readonly files: boolean;
}

/** One word, and what it means. */
export interface Candidate {
  readonly value: string;
  readonly description?: string | undefined;
}

/** Names of what there is, at the place that the flags choose. */
export interface KnownNames {
  bots(flags: Flags): Promise<readonly string[]>;
  fleets(flags: Flags): Promise<readonly string[]>;
  namespaces(flags: Flags): Promise<readonly string[]>;
  contexts(flags: Flags): Promise<readonly string[]>;
}

/** What may come where the last of `words` is being written. */
export async function complete(
  program: Command,
  words: readonly string[],
  names: KnownNames,
): Promise<Completion> {
  const line = parseLine(program, words);
  const { candidates, files } = await candidatesFor(line, names);
  return {
    candidates: candidates
      .filter(({ value }) => value.startsWith(line.partial))
      .map(({ value, description }) => ({ value: `${line.before}${value}`, description })),
    files,
  };
}

async function candidatesFor(line: ParsedLine, names: KnownNames): Promise<Completion> {
  const { command, option, partial, onlyArgs } = line;
  if (option) return valuesOf(option, line, names);
  if (partial.startsWith('-') && !onlyArgs) return only(flagsOf(command));
  if (command.commands.length > 0) return only(commandsOf(command));
  return only(plain(await argumentsOf(line, names)));
}

async function valuesOf(
  option: Option,
  { flags }: ParsedLine,
  names: KnownNames,
): Promise<Completion> {
  if (option.argChoices) return only(plain(option.argChoices));
  switch (option.attributeName()) {
    case 'namespace':
      return only(plain(await names.namespaces(flags)));
    case 'context':
      return only(plain(await names.contexts(flags)));
    case 'fleet':
      return only(plain(await names.fleets(flags)));
    default:
      return { candidates: [], files: true };
  }
}

/** Arguments that are called `name` are bots. */
async function argumentsOf(
  { command, flags, args }: ParsedLine,
  names: KnownNames,
): Promise<readonly string[]> {
  const expected = command.registeredArguments;
  const argument = expected[args.length] ?? expected.findLast(({ variadic }) => variadic);
  if (argument?.argChoices) return argument.argChoices;
  if (argument?.name() !== 'name') return [];
  if (command.name() === 'get' && args[0] === 'fleets') {
    return args.length === 1 ? names.fleets(flags) : [];
  }
  const bots = (await names.bots(flags)).filter((bot) => !args.includes(bot));
  if (command.name() !== 'get') return bots;
  return args.length === 0 ? ['fleets', ...bots] : [];
}

function flagsOf({ options }: Command): Candidate[] {
  const shown = options.filter(({ hidden }) => !hidden);
  return shown.flatMap(({ long, description }) => (long ? [{ value: long, description }] : []));
}

function commandsOf({ commands }: Command): Candidate[] {
  return commands
    .filter((command) => !command.name().startsWith('__'))
    .map((command) => ({ value: command.name(), description: command.description() }));
}

function plain(values: readonly string[]): Candidate[] {
  return values.map((value) => ({ value }));
}

function only(candidates: readonly Candidate[]): Completion {
  return { candidates, files: false };
}

/** As cobra's `__complete` prints it, which kubectl reads: a candidate a line, then a directive. */
export function completionText({ candidates, files }: Completion): string {
  const lines = candidates.map(({ value, description }) =>
    description === undefined ? value : `${value}\t${description.split('\n')[0]}`,
  );
  return [...lines, files ? ':0' : ':4'].join('\n');
}
