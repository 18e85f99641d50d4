import type { BotRequest } from '../api/bot-requests.ts';
import type { TokenState } from '../api/token.ts';
import { toTimestamp } from '../lib/clock.ts';
import { errorMessage } from '../lib/errors.ts';
import { LruMap } from '../lib/lru-map.ts';
import { randomToken } from '../lib/random.ts';
import { askBot } from './actions.ts';
import type { AdminDeps } from './api.ts';
import type { BotObject } from './backend.ts';
import type { Caller } from './caller.ts';
import { RequestProblem } from './problem.ts';
import type { JobView } from './views/action.ts';

/** How many bots of one job are being asked at a time. */
const AT_ONCE = 20;
/** How long one bot may take. */
const ONE_MS = 60_000;
/** How many jobs run at a time, and are remembered. */
const MAX_RUNNING = 4;
const MAX_KEPT = 100;

type Deps = Pick<AdminDeps, 'backend' | 'clock' | 'log'>;

interface Job {
  readonly caller: string;
  view: JobView;
}

/** Asks the same of many bots, each once, and tells how far that is. Known to this process alone. */
export class BulkJobs {
  readonly #deps: Deps;
  readonly #signal: AbortSignal;
  readonly #jobs = new LruMap<string, Job>(MAX_KEPT);
  #running = 0;

  /** Asks nobody any more once `signal` aborts. */
  constructor(deps: Deps, signal: AbortSignal) {
    this.#deps = deps;
    this.#signal = signal;
  }

  /** Begins, and returns the job's id. Throws a problem where too many run. */
  start(caller: Caller, request: BotRequest, bots: readonly BotObject[]): string {
    if (this.#running >= MAX_RUNNING) {
      const words = `${MAX_RUNNING} jobs run already; wait for one of them to end`;
      throw new RequestProblem(409, 'JOBS_BUSY', words);
    }
    const id = randomToken(16);
    const view: JobView = {
      id,
      request,
      state: 'Running',
      startedAt: this.#now(),
      endedAt: null,
      total: bots.length,
      done: 0,
      failed: 0,
      ...(request === 'checkToken' && { tokens: {} }),
    };
    const job: Job = { caller: caller.name, view };
    this.#jobs.set(id, job);
    this.#running++;
    void this.#run(job, caller, bots).finally(() => {
      this.#running--;
      job.view = { ...job.view, state: 'Done', endedAt: this.#now() };
    });
    return id;
  }

  /** The job of that id, for who began it. */
  find(caller: Caller, id: string): JobView | undefined {
    const job = this.#jobs.get(id);
    return job?.caller === caller.name ? job.view : undefined;
  }

  async #run(job: Job, caller: Caller, bots: readonly BotObject[]): Promise<void> {
    const waiting = bots.values();
    const lane = async (): Promise<void> => {
      for (const bot of waiting) {
        if (this.#signal.aborted) return;
        const met = await this.#one(job, caller, bot);
        job.view = met ? afterOne(job.view, met) : { ...job.view, failed: job.view.failed + 1 };
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
  }

  /** The bot as it is once it has done what it was asked; undefined where it does not. */
  async #one(job: Job, caller: Caller, { metadata, status }: BotObject) {
    const { request } = job.view;
    // Nobody would hear of it.
    if (status.phase === 'Suspended' || status.phase === 'Stopped') return undefined;
    const { backend, log } = this.#deps;
    const met = Promise.withResolvers<BotObject | undefined>();
    let value: string | undefined;
    const stopWatching = backend.bots.watch(({ type, object }) => {
      if (object.metadata.uid !== metadata.uid) return;
      if (type === 'DELETED') met.resolve(undefined);
      else if (value !== undefined && object.status.handledRequests?.[request] === value)
        met.resolve(object);
    });
    const timer = this.#deps.clock.setTimer(ONE_MS, () => met.resolve(undefined));
    const onAbort = (): void => met.resolve(undefined);
    this.#signal.addEventListener('abort', onAbort, { once: true });
    try {
      ({ value } = await askBot(this.#deps, caller, metadata, request));
      const now = backend.bots.get(metadata);
      if (now?.status.handledRequests?.[request] === value) met.resolve(now);
      return await met.promise;
    } catch (error) {
      log.warn(`${metadata.namespace}/${metadata.name} could not be asked: ${errorMessage(error)}`);
      return undefined;
    } finally {
      stopWatching();
      timer.cancel();
      this.#signal.removeEventListener('abort', onAbort);
    }
  }

  #now(): string {
    return toTimestamp(this.#deps.clock.wallMs());
  }
}

function afterOne(view: JobView, { status }: BotObject): JobView {
  const next = { ...view, done: view.done + 1 };
  const state: TokenState | undefined = status.token?.state;
  if (!view.tokens || state === undefined) return next;
  return { ...next, tokens: { ...view.tokens, [state]: (view.tokens[state] ?? 0) + 1 } };
}
