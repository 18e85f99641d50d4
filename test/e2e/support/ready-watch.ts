import { TENANT_BOTS } from '../../../src/controller/bot/stored-bot.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { AnyObject } from './kubectl.ts';

/** Sees every version of the bots of a namespace until it is closed. */
export class ReadyWatch implements AsyncDisposable {
  /** `name: reason`, whenever a bot was seen that was not Ready. */
  readonly lapses: string[] = [];
  /** How many versions were seen. */
  seen = 0;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;

  private constructor(client: KubeClient, namespace: string, resourceVersion: string) {
    this.#done = this.#watch(client, namespace, resourceVersion);
    this.#done.catch(() => undefined);
  }

  /** Begins with what comes after now. */
  static async open(client: KubeClient, namespace: string): Promise<ReadyWatch> {
    const { metadata } = await client.list(TENANT_BOTS, { namespace });
    return new ReadyWatch(client, namespace, metadata.resourceVersion);
  }

  /** Rejects where the watch has broken, so that not all was seen. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #watch(client: KubeClient, namespace: string, resourceVersion: string): Promise<void> {
    const { signal } = this.#stop;
    const options = { namespace, resourceVersion, timeoutSeconds: 600, signal };
    try {
      for await (const event of client.watch(TENANT_BOTS, options)) {
        if (event.type !== 'BOOKMARK') this.#look(event.object);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    if (!signal.aborted) throw new Error('the watch has ended by itself');
  }

  #look({ metadata, status }: AnyObject): void {
    this.seen++;
    const ready = status?.conditions?.find(({ type }: AnyObject) => type === 'Ready');
    if (ready?.status !== 'True') this.lapses.push(`${metadata.name}: ${ready?.reason}`);
  }
}
