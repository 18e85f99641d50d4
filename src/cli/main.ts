import { CommanderError } from 'commander';
import { errorMessage, TenantBotError } from '../lib/errors.ts';
import { redactTokens } from '../lib/secret.ts';
import { askingActions } from './asking.ts';
import type { Io } from './commands/io.ts';
import { exitCodeOf } from './exit-code.ts';
import { isPlugin, version } from './installation.ts';
import { painter } from './paint.ts';
import { makeProgram } from './program/program.ts';
import { runningActions } from './running.ts';

const io: Io = {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${redactTokens(line)}\n`),
  paint: painter(process.stdout),
};

// A reader that has seen enough (`tenantbot get | head -1`) is no error of this program.
process.stdout.on('error', () => undefined);
try {
  const name = isPlugin() ? 'kubectl tenantbot' : 'tenantbot';
  const actions = { ...runningActions(io), ...askingActions(io) };
  await makeProgram({ name, version: version() }, actions).parseAsync();
  process.exit(0);
} catch (error) {
  // Commander has said it all itself.
  if (!(error instanceof CommanderError)) {
    io.err(`tenantbot: ${errorMessage(error)}`);
    if (!(error instanceof TenantBotError) && error instanceof Error) io.err(error.stack ?? '');
  }
  process.exit(exitCodeOf(error));
}
