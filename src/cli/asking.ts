import { systemClock } from '../lib/clock.ts';
import type { Io } from './commands/io.ts';
import type { Shell } from './completion/scripts.ts';
import { processEnvironment } from './config.ts';
import { connectLocal, withAccess } from './connect.ts';
import { connectHistory, type Past } from './connect-history.ts';
import { parseCount, parseDuration } from './duration.ts';
import type { Actions, Flags } from './program/actions.ts';

type Asking = Pick<
  Actions,
  | 'get'
  | 'describe'
  | 'status'
  | 'top'
  | 'shards'
  | 'open'
  | 'retries'
  | 'history'
  | 'incidents'
  | 'usage'
  | 'errors'
  | 'audit'
  | 'ask'
  | 'suspend'
  | 'chat'
  | 'send'
  | 'logs'
  | 'doctor'
  | 'completion'
  | 'complete'
>;

/** The actions that ask a cluster or a standalone. Each loads what it needs and nothing else. */
export function askingActions(io: Io): Asking {
  return {
    async get(flags, words) {
      const { runGet } = await import('./commands/get.ts');
      const options = {
        words,
        watch: flags['watch'] === true,
        output: text(flags['output']),
        ...selectionOf(flags),
        fieldSelector: text(flags['fieldSelector']),
        nowMs: () => systemClock.wallMs(),
      };
      await withAccess(flags, (access) => runGet(access, options, io));
    },
    async describe(flags, [name = '']) {
      const { runDescribe } = await import('./commands/describe.ts');
      const options = { namespace: text(flags['namespace']), name, nowMs: systemClock.wallMs() };
      await withAccess(flags, (access) => runDescribe(access, options, io));
    },
    async status(flags, names) {
      const { runStatus } = await import('./commands/status.ts');
      const options = { ...selectionOf(flags), names, output: text(flags['output']) };
      await withAccess(flags, (access) => runStatus(access, options, io));
    },
    async top(flags, names) {
      const { runTop } = await import('./commands/top.ts');
      const options = {
        ...selectionOf(flags),
        names,
        sortBy: String(flags['sortBy']),
        limit: parseCount(String(flags['limit']), '--limit'),
        output: text(flags['output']),
        nowMs: systemClock.wallMs(),
      };
      await withAccess(flags, (access) => runTop(access, options, io));
    },
    async shards(flags) {
      const { runShards } = await import('./commands/shards.ts');
      const { fleet, namespace, output } = flags;
      const options = { fleet: text(fleet), namespace: text(namespace), output: text(output) };
      await withAccess(flags, (access) => runShards(access, options, io));
    },
    async open(flags) {
      const { runOpen } = await import('./commands/open.ts');
      const client = await connectLocal(flags, 'open');
      const options = { printOnly: flags['print'] === true, platform: process.platform };
      await runOpen(client, options, io);
    },
    async retries(flags) {
      const { runRetries } = await import('./commands/retries.ts');
      const client = await connectLocal(flags, 'retries');
      await runRetries(client, { reset: flags['reset'] === true }, io);
    },
    async history(flags, [name = '']) {
      const { runHistory } = await import('./commands/history.ts');
      const past = await connectHistory(flags);
      const asked = { ...viewOf(flags, past), name, hours: numberOf(flags['hours']) };
      await runHistory(past, asked, io);
    },
    async incidents(flags, [name]) {
      const { runIncidents } = await import('./commands/incidents.ts');
      const past = await connectHistory(flags);
      const { namespace: own, ...view } = viewOf(flags, past);
      const namespace = flags['allNamespaces'] === true ? undefined : own;
      const hours = numberOf(flags['hours']);
      const asked = { namespace, name, hours, nowMs: systemClock.wallMs() };
      await runIncidents(past, { ...view, ...asked }, io);
    },
    async usage(flags, [name = '']) {
      const { runUsage } = await import('./commands/usage.ts');
      const past = await connectHistory(flags);
      const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
      const asked = { name, days: numberOf(flags['days']), timeZone };
      await runUsage(past, { ...viewOf(flags, past), ...asked }, io);
    },
    async errors(flags, [name = '']) {
      const { runErrors } = await import('./commands/errors.ts');
      const past = await connectHistory(flags);
      const asked = { ...viewOf(flags, past), name, days: numberOf(flags['days']) };
      await runErrors(past, asked, io);
    },
    async audit(flags, [said]) {
      const { runAudit } = await import('./commands/audit.ts');
      const past = await connectHistory(flags);
      const options = {
        ...viewOf(flags, past),
        text: said,
        namespace: text(flags['namespace']),
        since: text(flags['since']),
        until: text(flags['until']),
        limit: parseCount(String(flags['limit']), '--limit'),
      };
      await runAudit(past.admin, options, io);
    },
    async ask(request, flags, names) {
      const { runAsk } = await import('./commands/ask.ts');
      const { all, allNamespaces, namespace, concurrency, timeout } = flags;
      const options = {
        request,
        names,
        all: all === true,
        allNamespaces: allNamespaces === true,
        namespace: text(namespace),
        concurrency: parseCount(String(concurrency), '--concurrency'),
        timeoutMs: parseDuration(String(timeout), '--timeout'),
        clock: systemClock,
      };
      await withAccess(flags, (access) => runAsk(access, options, io));
    },
    async suspend(suspended, flags, names) {
      const { runSuspend } = await import('./commands/suspend.ts');
      const options = { ...selectionOf(flags), names, suspended, all: flags['all'] === true };
      await withAccess(flags, (access) => runSuspend(access, options, io));
    },
    async chat(flags, [name = '']) {
      const { runChat } = await import('./commands/chat.ts');
      const { namespace, as } = flags;
      const prompt = process.stdin.isTTY ? `${String(as)}> ` : '';
      const who = { namespace: String(namespace), name, as: String(as) };
      const options = { ...who, input: process.stdin, prompt, clock: systemClock };
      await runChat(await connectLocal(flags, 'chat'), options, io);
    },
    async send(flags, [name = '', said = '']) {
      const { runSend } = await import('./commands/send.ts');
      const { namespace, as, timeout } = flags;
      const timeoutMs = parseDuration(String(timeout), '--timeout');
      const options = { namespace: String(namespace), name, text: said, as: String(as), timeoutMs };
      await runSend(await connectLocal(flags, 'send'), options, io);
    },
    async logs(flags, [name = '']) {
      const { parseSince, runLogs } = await import('./commands/logs.ts');
      const since = text(flags['since']);
      const options = {
        namespace: text(flags['namespace']),
        name,
        follow: flags['follow'] === true,
        sinceSeconds: since === undefined ? undefined : parseSince(since),
      };
      await withAccess(flags, (access) => runLogs(access, options, io));
    },
    async doctor(flags) {
      const { examine } = await import('./doctor/examine.ts');
      const { printFindings } = await import('./commands/doctor.ts');
      const namespace = text(flags['operatorNamespace']);
      printFindings(
        await examine(flags, namespace, systemClock.wallMs()),
        text(flags['output']),
        io,
      );
    },
    async completion(shell) {
      const { COMPLETION_SCRIPTS } = await import('./completion/scripts.ts');
      io.out(COMPLETION_SCRIPTS[shell as Shell].trimEnd());
    },
    async complete(words) {
      const { complete, completionText } = await import('./completion/complete.ts');
      const { askedNames } = await import('./completion/known-names.ts');
      const { describedProgram } = await import('./program/program.ts');
      const names = askedNames(systemClock, processEnvironment());
      io.out(completionText(await complete(describedProgram(), words, names)));
    },
  };
}

function selectionOf({ namespace, allNamespaces, selector }: Flags) {
  return {
    namespace: text(namespace),
    allNamespaces: allNamespaces === true,
    selector: text(selector),
  };
}

/** What the commands share that ask the history. */
function viewOf({ namespace, output }: Flags, { namespace: own }: Past) {
  const { isTTY: isTerminal } = process.stdout;
  return { namespace: text(namespace) ?? own, output: text(output), isTerminal };
}

/** What is no number is refused by who answers, who knows the range. */
function numberOf(flag: unknown): number {
  return /^-?\d{1,10}$/.test(String(flag)) ? Number(flag) : Number.NaN;
}

function text(flag: unknown): string | undefined {
  return typeof flag === 'string' ? flag : undefined;
}
