import { resolve } from 'node:path';
import type { BotLogs } from '../admin/backend.ts';
import { startAdminServer } from '../admin/server.ts';
import { NO_HISTORY } from '../api/history-availability.ts';
import type { RetentionDays } from '../history/retention/retention-days.ts';
import { aborted } from '../lib/aborted.ts';
import { sleep } from '../lib/clock.ts';
import { randomToken } from '../lib/random.ts';
import { Secret } from '../lib/secret.ts';
import { startHealthServer } from '../telemetry/health-server.ts';
import { localBackend } from './admin-api/backend.ts';
import { ownerAccess } from './admin-api/owner-access.ts';
import { announcement, places } from './announcement.ts';
import { openDataFolder } from './data/data-folder.ts';
import { removeEndpoint, writeEndpoint } from './data/endpoint-file.ts';
import type { State } from './data/state.ts';
import { StateFile } from './data/state-file.ts';
import { BotFather } from './emulated/bot-father.ts';
import { Conversation } from './emulated/conversation.ts';
import { startLocalApi } from './local-api/server.ts';
import { LocalHistory } from './local-history.ts';
import type { ManifestSet } from './manifests/manifest-set.ts';
import { ManifestSource } from './manifests/manifest-source.ts';
import { displayPath } from './manifests/place.ts';
import { ObjectStore } from './object-store.ts';
import { type OpenHostsOptions, openHosts } from './open-hosts.ts';
import { ProblemLog } from './problem-log.ts';
import type { HistoryView } from './reconcile/history-view.ts';
import { Reconciler } from './reconcile/reconciler.ts';
import { SampleService } from './sample-service.ts';
import { allSettled } from './settled.ts';
import { findTelegram, type TelegramChoice } from './telegram-address.ts';

/** Bots that have not settled by then are not waited for. */
const READY_WITHIN_MS = 15_000;
/** With what follows, everything has ended within 5 s of the signal. */
const DRAIN_WITHIN_MS = 4_300;

/** Nobody but this machine may ask. */
const LOOPBACK = '127.0.0.1';

/** How much of what has changed a crash may cost: of traffic, only counters. */
const SAVE_WITHIN_MS = { Transition: 500, Activity: 5_000 };

/** How a standalone is started. */
export interface StandaloneOptions extends Omit<OpenHostsOptions, 'history'> {
  /** Files and folders. */
  readonly manifests: readonly string[];
  /** The data folder. */
  readonly data: string;
  readonly telegram: TelegramChoice;
  /** Whether a history is kept, */
  readonly history: boolean;
  /** and where, unless in the data folder. */
  readonly databaseUrl?: Secret | undefined;
  /** For how long what is kept; as ever where it is not said. */
  readonly retention?: RetentionDays | undefined;
  /** Of /metrics, on 127.0.0.1. */
  readonly metricsPort?: number | undefined;
  /** Of the local API; 0 takes a free one. */
  readonly port: number;
  /** What bots wrote into the log last; can't be read unless given. */
  readonly logs?: BotLogs | undefined;
  /** Of the admin API and its page; 0 takes a free one. */
  readonly adminPort: number;
  /** The folder of that page. */
  readonly page: string;
  /** The service to run beside the sample manifests. */
  readonly sampleService?: URL | undefined;
  /** The folder from which people see files. */
  readonly folder: string;
  /** Words for people, a line each. */
  readonly out: (line: string) => void;
}

/**
 * Runs tenant bots on this machine until `signal` aborts, then drains them. Says what runs where,
 * and `ready` once every bot has settled. Rejects in words where it can't start.
 */
export async function runStandalone(
  options: StandaloneOptions,
  signal: AbortSignal,
): Promise<void> {
  const { clock, log, folder, out } = options;
  const data = resolve(folder, options.data);
  // What was opened last is closed first.
  await using stack = new AsyncDisposableStack();
  const lock = await openDataFolder(data);
  stack.defer(() => lock.release());
  const stateFile = new StateFile({ folder: data, clock, log });
  const state = await stateFile.load();
  stack.defer(() => stateFile.close());

  const objects = new ObjectStore();
  const history = keepHistory(options, { data, objects, stack });

  const telegram = await findTelegram(options.telegram, log);
  stack.defer(() => telegram.close());
  // Bots that end what they have begun may still need it.
  let service: SampleService | undefined;
  stack.defer(async () => service?.stop());
  const { hosts, retries, webhookPort } = stack.use(
    await openHosts({ ...options, history: history?.kept }, { data, lock }),
  );
  const reconciler = new Reconciler({
    clock,
    log,
    hosts,
    telegramOf: (fleet) => telegram.of(fleet),
    botFather: telegram.control && new BotFather(telegram.control, log),
    objects,
    state,
    history: history?.kept ?? NOTHING_KEPT,
    onState: (change) => stateFile.save(() => reconciler.snapshot(), SAVE_WITHIN_MS[change]),
  });
  stack.defer(() => drain(reconciler, options));
  void history?.watch(() => reconciler.availabilityChanged(), signal);

  const problems = new ProblemLog(log);
  let applied = Promise.resolve();
  const onChange = (set: ManifestSet): void => {
    problems.tell(set.problems);
    applied = reconciler.update(service?.redirect(set) ?? set);
  };
  const paths = options.manifests.map((path) => resolve(folder, path));
  const source = await ManifestSource.open({ paths, folder, clock, log, onChange });
  stack.defer(() => source.close());
  if (options.sampleService) {
    const program = options.sampleService;
    service = await SampleService.start({ program, manifests: source.current, clock, log });
    onChange(source.current);
  }

  const conversation = telegram.control && new Conversation(telegram.control);
  const token = new Secret(randomToken());
  const api = await startLocalApi({
    port: options.port,
    token,
    objects,
    problems: () => problems.current,
    conversation,
    ask: (uid, requests) => reconciler.ask(uid, requests),
    retries,
    history: () => history?.reader,
    log,
  });
  stack.defer(() => api.close());
  const ask = reconciler.ask.bind(reconciler);
  const manifests = (): ManifestSet => source.current;
  const backend = localBackend({
    paths,
    folder,
    manifests,
    objects,
    telegram,
    retries,
    history,
    ask,
    conversation,
    logs: options.logs,
    clock,
    log,
  });
  const access = ownerAccess(token);
  const admin = await startAdminServer({
    host: LOOPBACK,
    port: options.adminPort,
    names: [],
    page: options.page,
    deps: { backend, access, clock, log },
  });
  stack.defer(() => admin.close());
  const adminUrl = `http://${LOOPBACK}:${admin.port}`;
  await writeEndpoint(data, { url: api.url, adminUrl, token, pid: process.pid });
  stack.defer(() => removeEndpoint(data));

  const metrics = await serveMetrics(options, stack);
  for (const line of places({
    telegram: telegram.description,
    manifests: paths.map((path) => displayPath(path, folder)),
    data: displayPath(data, folder),
    history: history?.place,
    localApi: api.url,
    page: adminUrl,
    webhookPort,
    metrics,
    shards: options.shards,
  })) {
    out(line);
  }
  await applied;
  forgetGone(state, { reconciler, history });
  await allSettled(objects, { clock, timeoutMs: READY_WITHIN_MS, signal });
  if (signal.aborted) return;
  const bots = objects.list('TenantBot');
  for (const line of announcement(bots, {
    data: options.data,
    chats: telegram.control !== undefined,
  })) {
    out(line);
  }
  await aborted(signal);
  out('Stopping: bots end what they have begun.');
}

/** Serves metrics where they are wanted; says where, for people. */
async function serveMetrics(
  { metrics, metricsPort: port }: StandaloneOptions,
  stack: AsyncDisposableStack,
): Promise<string | undefined> {
  if (!metrics || port === undefined) return undefined;
  const host = LOOPBACK;
  const { registries: registry } = metrics;
  const server = await startHealthServer({ host, port, live: {}, ready: {}, registry });
  stack.defer(() => server.close());
  return `http://${host}:${server.port}/metrics`;
}

const NOTHING_KEPT: HistoryView = { availability: () => NO_HISTORY, lastKnown: () => undefined };

/** It outlives the bots, which tell it of their end. Undefined where none is wanted. */
function keepHistory(
  { history: isKept, databaseUrl, retention, metrics, clock, random, log }: StandaloneOptions,
  {
    data,
    objects,
    stack,
  }: {
    readonly data: string;
    readonly objects: ObjectStore;
    readonly stack: AsyncDisposableStack;
  },
): LocalHistory | undefined {
  if (!isKept) return undefined;
  const history = new LocalHistory({
    data,
    databaseUrl,
    retention,
    registry: metrics?.registries.main,
    objects,
    clock,
    random,
    log,
  });
  stack.defer(() => history.close());
  return history;
}

/** What was deleted while nothing ran is gone for the history too. */
function forgetGone(
  { bots }: State,
  {
    reconciler,
    history,
  }: { readonly reconciler: Reconciler; readonly history: LocalHistory | undefined },
): void {
  const there = new Set(reconciler.snapshot().bots.map(({ uid }) => uid));
  for (const { uid } of bots) if (!there.has(uid)) history?.kept.botGone(uid);
}

async function drain(reconciler: Reconciler, { clock, log }: StandaloneOptions): Promise<void> {
  const drained = new AbortController();
  const closing = reconciler.close().finally(() => drained.abort());
  const inTime = await sleep(clock, DRAIN_WITHIN_MS, drained.signal).then(
    () => false,
    () => true,
  );
  if (inTime) await closing;
  else {
    closing.catch(() => undefined);
    log.warn('some bots had not ended what they had begun; Telegram sends it to them again');
  }
}
