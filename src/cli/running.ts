import { fileURLToPath } from 'node:url';
import { systemClock } from '../lib/clock.ts';
import type { Io } from './commands/io.ts';
import { processEnvironment, readConfig } from './config.ts';
import { parseCount } from './duration.ts';
import { ROOT, userName, version } from './installation.ts';
import type { Actions } from './program/actions.ts';
import { RUNTIME_SETTINGS } from './runtime-settings.ts';
import { STANDALONE_SETTINGS } from './settings.ts';
import { abortOnSignals, abortWithParent } from './signals.ts';

type Running = Pick<
  Actions,
  'standalone' | 'operator' | 'emulator' | 'runtime' | 'migrate' | 'forget' | 'crds'
>;

/** The actions that run something. Each loads what it needs and nothing else. */
export function runningActions(io: Io): Running {
  return {
    async standalone(flags) {
      const { startStandalone } = await import('./commands/standalone.ts');
      const surroundings = {
        folder: process.cwd(),
        samples: new URL('config/samples/', ROOT),
        page: fileURLToPath(new URL('dist/page', ROOT)),
        program: fileURLToPath(new URL('bin/tenantbot.js', ROOT)),
        environment: processEnvironment(),
        logTo: process.stderr,
        exit: endNow,
      };
      await startStandalone(
        readConfig(STANDALONE_SETTINGS, { flags, environment: processEnvironment() }),
        surroundings,
        { io, signal: untilTold() },
      );
    },
    async operator(flags) {
      const { startOperator } = await import('./commands/operator.ts');
      const { OPERATOR_SETTINGS } = await import('./operator-settings.ts');
      const settings = readConfig(OPERATOR_SETTINGS, { flags, environment: processEnvironment() });
      const exit = (): never => process.exit(1);
      await startOperator(
        settings,
        { version: version(), logTo: process.stderr, exit },
        untilTold(),
      );
    },
    async emulator(flags) {
      const { runEmulator } = await import('./commands/emulator.ts');
      await runEmulator(flags, io, untilTold());
    },
    async runtime(flags) {
      const { runRuntime } = await import('./commands/runtime.ts');
      const sources = { flags, environment: processEnvironment() };
      const settings = readConfig(RUNTIME_SETTINGS, sources);
      const signal = abortWithParent(untilTold());
      await runRuntime(settings, { logTo: process.stdout, exit: endNow }, signal);
    },
    async migrate({ status, to, ...flags }) {
      const { runMigrate } = await import('./commands/migrate.ts');
      const { MIGRATE_SETTINGS } = await import('./migrate-settings.ts');
      const settings = readConfig(MIGRATE_SETTINGS, { flags, environment: processEnvironment() });
      const request = {
        status: status === true,
        to: typeof to === 'string' ? parseCount(to, '--to') : undefined,
        clock: systemClock,
      };
      await runMigrate(settings, request, { io, signal: untilTold() });
    },
    async forget({ user, ...flags }) {
      const { runForget } = await import('./commands/forget.ts');
      const { MIGRATE_SETTINGS } = await import('./migrate-settings.ts');
      const settings = readConfig(MIGRATE_SETTINGS, { flags, environment: processEnvironment() });
      const request = { user: String(user), actor: `cli:${userName()}`, clock: systemClock };
      await runForget(settings, request, { io, signal: untilTold() });
    },
    async crds(flags) {
      const { crds } = await import('./commands/crds.ts');
      await crds({ write: flags['write'] === true, root: ROOT, print: io.out });
    },
  };
}

/** Aborts when somebody wants this program to end. */
function untilTold(): AbortSignal {
  return abortOnSignals(systemClock, () => process.exit(1));
}

function endNow(code: number): void {
  process.exit(code);
}
