import { Command } from 'commander';
import { redactTokens } from '../../lib/secret.ts';
import type { Actions } from './actions.ts';
import { addAskers } from './askers.ts';
import { addCompletion } from './completion.ts';
import { addHistory } from './history.ts';
import { addReaders } from './readers.ts';
import { addRunners } from './runners.ts';
import { addTalkers } from './talkers.ts';

/** The command line: what there is, and which action each command calls. */
export function makeProgram(
  { name, version }: { readonly name: string; readonly version: string },
  actions: Actions,
): Command {
  const program = new Command(name)
    .description('Runs Telegram bots for many tenants.')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(--help shows what there is)')
    .configureOutput({ outputError: (text, write) => write(redactTokens(text)) })
    .addHelpText(
      'after',
      `
To see it work, without a token of Telegram:
  $ tenantbot standalone          runs the sample bots against a built-in emulator
  $ tenantbot send greeter /start says something to one of them`,
    );
  program.commandsGroup('To run:');
  addRunners(program, actions);
  program.commandsGroup('To see what is:');
  addReaders(program, actions);
  program.commandsGroup('To see what was:');
  addHistory(program, actions);
  program.commandsGroup('To act:');
  addAskers(program, actions);
  program.commandsGroup('To talk to bots:');
  addTalkers(program, actions);
  program.commandsGroup('Others:');
  addCompletion(program, actions);
  return program;
}

/** The command line for who only looks at it: its commands do nothing. */
export function describedProgram(): Command {
  const nobody = new Proxy({} as Actions, { get: () => () => Promise.resolve() });
  return makeProgram({ name: 'tenantbot', version: '' }, nobody);
}
