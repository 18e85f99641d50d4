import { setTimeout as sleep } from 'node:timers/promises';
import { TENANT_BOTS } from '../../../src/controller/bot/stored-bot.ts';
import type { KubeObject } from '../../../src/kube/resource.ts';
import { errorMessage } from '../../../src/lib/errors.ts';
import { type ControlPlane, startControlPlane } from '../../cluster/control-plane.ts';
import { installCrds } from '../../cluster/install-crds.ts';
import { untilItSays } from '../../support/conversation.ts';
import { waitFor } from '../../support/wait.ts';
import type { Measure } from '../bench.ts';
import { EffectStage } from '../effect/stage.ts';
import { median, quantile, table } from '../figures.ts';

const SHARDS = 3;
/** Between two changes, on average: each is in effect before the next but a few. */
const GAP_MS = 200;
/** Also on a machine that is so busy that an answer takes long. */
const ANSWER_MS = 10_000;
/** Longer than the bench lasts. */
const WATCH_SECONDS = 3_600;

/** What one change took, in ms from when it was sent. */
interface Change {
  /** Until the API server had answered that it has it. */
  readonly takenMs: number;
  /** Until somebody who watches had heard of it, as with `kubectl get --watch`. */
  readonly watchedMs: number;
  /** Until the bot had answered a user by it. */
  readonly effectMs: number;
}

/**
 * From a change of a TenantBot, sent as `kubectl patch` does, until the bot answers by it: API
 * server, operator, control channel, runtime, emulator, with all other bots at work. Beside it what
 * any watcher needs to hear of the same change.
 */
export const effect: Measure = async ({ folder, quick, say }) => {
  const bots = quick ? 300 : 3_000;
  const changes = quick ? 50 : 300;
  let plane: ControlPlane;
  try {
    plane = await startControlPlane({ controllers: true, log: say });
  } catch (error) {
    return `Left out: ${errorMessage(error)}`;
  }
  await using controlPlane = plane;
  await installCrds(controlPlane.kubeconfigPath);
  await using stage = await EffectStage.open({ controlPlane, folder, bots, shards: SHARDS, say });
  say(`${changes} of ${bots} bots are changed …`);
  await using watcher = await Watcher.start(stage);
  const seen: Promise<Change>[] = [];
  for (let n = 0; n < changes; n++) {
    const bot = Math.floor((n * bots) / changes);
    seen.push(change(stage, watcher, bot));
    await sleep(2 * GAP_MS * Math.random());
  }
  const took = await Promise.all(seen);
  const watched = took.map(({ watchedMs }) => watchedMs);
  const rows = [
    row(
      'the API server has answered',
      took.map(({ takenMs }) => takenMs),
      watched,
    ),
    row('a watcher has heard of it', watched, watched),
    row(
      'the bot answers by it',
      took.map(({ effectMs }) => effectMs),
      watched,
    ),
  ];
  const head = ['from the change on, until', 'p50', 'p99', 'longest', 'p50 to a watcher’s'];
  return `${bots} bots on ${SHARDS} shards, ${changes} changes\n\n${table(head, rows)}`;
};

async function change(stage: EffectStage, watcher: Watcher, bot: number): Promise<Change> {
  const text = `changed at ${performance.now()}`;
  const sentMs = performance.now();
  const watched = watcher.untilHeard(`bot-${bot}`, text);
  await stage.change(bot, text);
  const takenMs = performance.now() - sentMs;
  const { id } = stage.bots[bot] ?? { id: 0 };
  const afterMs = await untilItSays(stage.emulator, text, {
    bot: id,
    from: 'user',
    text: '/start',
    answerMs: ANSWER_MS,
  });
  return { takenMs, effectMs: takenMs + afterMs, watchedMs: (await watched) - sentMs };
}

/** Watches all bots, as anybody can. */
class Watcher implements AsyncDisposable {
  readonly #stop = new AbortController();
  /** When somebody's change was heard of. */
  readonly #heardMs = new Map<string, number>();
  #watching: Promise<void> = Promise.resolve();

  static async start({ client, namespace }: EffectStage): Promise<Watcher> {
    const watcher = new Watcher();
    const { metadata } = await client.list(TENANT_BOTS, { namespace, limit: 1 });
    const events = client.watch(TENANT_BOTS, {
      namespace,
      resourceVersion: metadata.resourceVersion,
      timeoutSeconds: WATCH_SECONDS,
      signal: watcher.#stop.signal,
    });
    watcher.#watching = watcher.#listen(events);
    return watcher;
  }

  /** Resolves to when the change was heard of, on the monotonic clock. */
  untilHeard(name: string, text: string): Promise<number> {
    const key = `${name} ${text}`;
    return waitFor(`a watch to tell of ${name}`, () => this.#heardMs.get(key));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#watching;
  }

  async #listen(events: ReturnType<EffectStage['client']['watch']>): Promise<void> {
    try {
      for await (const event of events) {
        if (event.type === 'BOOKMARK') continue;
        const { metadata, spec } = event.object as ChangedBot;
        const text = spec.handlers[0]?.command?.reply?.text;
        const key = `${metadata.name} ${text}`;
        if (!this.#heardMs.has(key)) this.#heardMs.set(key, performance.now());
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error;
    }
  }
}

/** As much of a bot as is changed here. */
interface ChangedBot extends KubeObject {
  readonly spec: {
    readonly handlers: readonly {
      readonly command?: { readonly reply?: { readonly text?: string } };
    }[];
  };
}

function row(name: string, tookMs: readonly number[], watchedMs: readonly number[]): string[] {
  const words = (ms: number): string => `${ms.toFixed(0)} ms`;
  return [
    name,
    words(median(tookMs)),
    words(quantile(tookMs, 0.99)),
    words(Math.max(...tookMs)),
    (median(tookMs) / median(watchedMs)).toFixed(1),
  ];
}
