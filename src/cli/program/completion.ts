import { Argument, type Command } from 'commander';
import { SHELLS } from '../completion/scripts.ts';
import type { Actions } from './actions.ts';

/** The commands that shells complete others with. */
export function addCompletion(program: Command, actions: Actions): void {
  program
    .command('completion')
    .description('print what a shell reads to complete commands, flags and names')
    .addArgument(new Argument('<shell>', 'whose language it is in').choices(SHELLS))
    .action((shell: string) => actions.completion(shell))
    .addHelpText(
      'after',
      `
For good, in ~/.bashrc:                        source <(tenantbot completion bash)
in ~/.zshrc, after compinit:                   source <(tenantbot completion zsh)
in ~/.config/fish/completions/tenantbot.fish:  tenantbot completion fish | source`,
    );
  program
    .command('__complete', { hidden: true })
    .argument('[word...]')
    .allowUnknownOption()
    .action((words: string[]) => actions.complete(words));
}
