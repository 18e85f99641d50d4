import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../lib/clock.ts';
import { errorMessage, TenantBotError } from '../lib/errors.ts';
import { redactTokens } from '../lib/secret.ts';
import type { BotAccess } from './bot-access.ts';
import type { Io } from './commands/io.ts';
import { processEnvironment, readConfig } from './config.ts';
import { parseCount, parseDuration } from './duration.ts';
import type { FleetAccess } from './fleet-access.ts';
import type { LocalClient } from './local-client.ts';
import { type Actions, type Flags, makeProgram } from './program.ts';
import { RUNTIME_SETTINGS } from './runtime-settings.ts';
import { STANDALONE_SETTINGS } from './settings.ts';
import { abortOnSignals, abortWithParent } from './signals.ts';

const ROOT = new URL('../../', import.meta.url);

const io: Io = {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${redactTokens(line)}\n`),
};

/** Each command loads what it needs and nothing else, so that none waits for the others' parts. */
const actions: Actions = {
  async standalone(flags) {
    const { startStandalone } = await import('./commands/standalone.ts');
    const surroundings = {
      folder: process.cwd(),
      samples: new URL('config/samples/', ROOT),
      program: fileURLToPath(new URL('bin/tenantbot.js', ROOT)),
      environment: processEnvironment(),
      logTo: process.stderr,
      exit: endNow,
    };
    await startStandalone(settings(flags), surroundings, { io, signal: untilTold() });
  },
  async operator(flags) {
    const { startOperator } = await import('./commands/operator.ts');
    const { OPERATOR_SETTINGS } = await import('./operator-settings.ts');
    const settings = readConfig(OPERATOR_SETTINGS, { flags, environment: processEnvironment() });
    const exit = (): never => process.exit(1);
    await startOperator(settings, { version: version(), logTo: process.stderr, exit }, untilTold());
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
  async get(flags, words) {
    const { runGet } = await import('./commands/get.ts');
    const { output, namespace, watch, allNamespaces, fieldSelector } = flags;
    await runGet(
      await connect(flags),
      {
        words,
        watch: watch === true,
        output: typeof output === 'string' ? output : undefined,
        namespace: String(namespace),
        allNamespaces: allNamespaces === true,
        fieldSelector: typeof fieldSelector === 'string' ? fieldSelector : undefined,
        nowMs: () => systemClock.wallMs(),
      },
      io,
    );
  },
  async describe(flags, [name = '']) {
    const { runDescribe } = await import('./commands/describe.ts');
    const bot = { namespace: String(flags['namespace']), name };
    await runDescribe(await connect(flags), { ...bot, nowMs: systemClock.wallMs() }, io);
  },
  async retries(flags) {
    const { runRetries } = await import('./commands/retries.ts');
    const { reset, ...others } = flags;
    await runRetries(await connect(others), { reset: reset === true }, io);
  },
  async shards(flags) {
    const { runShards } = await import('./commands/shards.ts');
    const { fleet, namespace, output, ...place } = flags;
    const access = await clusterOrLocal(place);
    try {
      await runShards(
        access,
        { fleet: text(fleet), namespace: text(namespace), output: text(output) },
        io,
      );
    } finally {
      await access.close();
    }
  },
  async history(flags, [name = '']) {
    const { runHistory } = await import('./commands/history.ts');
    const hours = numberOf(flags['hours']);
    await runHistory(await connect(flags), { ...viewOf(flags), name, hours }, io);
  },
  async incidents(flags, [name]) {
    const { runIncidents } = await import('./commands/incidents.ts');
    const { hours, allNamespaces } = flags;
    const namespace = allNamespaces === true ? undefined : String(flags['namespace']);
    const asked = { namespace, name, hours: numberOf(hours), nowMs: systemClock.wallMs() };
    await runIncidents(await connect(flags), { ...viewOf(flags), ...asked }, io);
  },
  async usage(flags, [name = '']) {
    const { runUsage } = await import('./commands/usage.ts');
    const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
    const asked = { name, days: numberOf(flags['days']), timeZone };
    await runUsage(await connect(flags), { ...viewOf(flags), ...asked }, io);
  },
  async errors(flags, [name = '']) {
    const { runErrors } = await import('./commands/errors.ts');
    const days = numberOf(flags['days']);
    await runErrors(await connect(flags), { ...viewOf(flags), name, days }, io);
  },
  async ask(request, flags, names) {
    const { runAsk } = await import('./commands/ask.ts');
    const { all, allNamespaces, namespace, concurrency, timeout } = flags;
    const options = {
      request,
      names,
      all: all === true,
      allNamespaces: allNamespaces === true,
      namespace: typeof namespace === 'string' ? namespace : undefined,
      concurrency: parseCount(String(concurrency), '--concurrency'),
      timeoutMs: parseDuration(String(timeout), '--timeout'),
      clock: systemClock,
    };
    const access = await clusterOrLocal(flags);
    try {
      await runAsk(access, options, io);
    } finally {
      await access.close();
    }
  },
  async chat(flags, [name = '']) {
    const { runChat } = await import('./commands/chat.ts');
    const { namespace, as } = flags;
    const prompt = process.stdin.isTTY ? `${String(as)}> ` : '';
    await runChat(
      await connect(flags),
      {
        namespace: String(namespace),
        name,
        as: String(as),
        input: process.stdin,
        prompt,
        clock: systemClock,
      },
      io,
    );
  },
  async send(flags, [name = '', text = '']) {
    const { runSend } = await import('./commands/send.ts');
    const { namespace, as, timeout } = flags;
    const timeoutMs = parseDuration(String(timeout), '--timeout');
    const said = { namespace: String(namespace), name, text, as: String(as), timeoutMs };
    await runSend(await connect(flags), said, io);
  },
};

function settings(flags: Flags) {
  return readConfig(STANDALONE_SETTINGS, { flags, environment: processEnvironment() });
}

async function connect(flags: Flags): Promise<LocalClient> {
  const { LocalClient } = await import('./local-client.ts');
  const { readEndpoint } = await import('../standalone/data/endpoint-file.ts');
  const { data } = settings(flags);
  return new LocalClient(await readEndpoint(resolve(data)), data);
}

/** What the commands share that ask the history. */
function viewOf({ namespace, output }: Flags) {
  const { isTTY: isTerminal } = process.stdout;
  return { namespace: String(namespace), output: text(output), isTerminal };
}

/** What is no number is refused by who answers, who knows the range. */
function numberOf(flag: unknown): number {
  return /^-?\d{1,10}$/.test(String(flag)) ? Number(flag) : Number.NaN;
}

/** Who runs this, as far as the machine knows. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // In a container a user may have no name.
    return String(process.getuid?.());
  }
}

function text(flag: unknown): string | undefined {
  return typeof flag === 'string' ? flag : undefined;
}

function endNow(code: number): void {
  process.exit(code);
}

async function clusterOrLocal({
  kubeconfig,
  context,
  ...flags
}: Flags): Promise<BotAccess & FleetAccess> {
  if (typeof kubeconfig === 'string') {
    const { clusterBotAccess } = await import('./cluster-bot-access.ts');
    return clusterBotAccess({
      kubeconfig,
      context: text(context),
      userAgent: `tenantbot/${version()}`,
    });
  }
  const { localBotAccess } = await import('./local-bot-access.ts');
  return localBotAccess(await connect(flags));
}

/** Aborts when somebody wants this program to end. */
function untilTold(): AbortSignal {
  return abortOnSignals(systemClock, () => process.exit(1));
}

function version(): string {
  const text = readFileSync(new URL('package.json', ROOT), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

// A reader that has seen enough (`tenantbot get | head -1`) is no error of this program.
process.stdout.on('error', () => undefined);
try {
  await makeProgram(version(), actions).parseAsync();
  process.exit(0);
} catch (error) {
  io.err(`tenantbot: ${errorMessage(error)}`);
  if (!(error instanceof TenantBotError) && error instanceof Error) io.err(error.stack ?? '');
  process.exit(1);
}
