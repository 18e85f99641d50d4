import { Registry } from 'prom-client';
import type { HistorySink } from '../../src/api/history-records.ts';
import type { FleetRateLimits } from '../../src/api/rate-limits.ts';
import type { RuntimeFacts } from '../../src/api/runtime-facts.ts';
import type { FleetWebhook } from '../../src/api/webhook.ts';
import type { BotAssignment } from '../../src/control/port.ts';
import { EmulatorClient } from '../../src/emulator/control-client.ts';
import {
  type EmulatorOptions,
  type RunningEmulator,
  startEmulator,
} from '../../src/emulator/emulator.ts';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { Listener } from '../../src/lib/listen.ts';
import type { Random } from '../../src/lib/random.ts';
import type { Tracing } from '../../src/lib/tracing.ts';
import { Runtime } from '../../src/runtime/runtime.ts';
import { WebhookRoutes } from '../../src/runtime/webhook/webhook-routes.ts';
import {
  startWebhookServer,
  type WebhookResult,
} from '../../src/runtime/webhook/webhook-server.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { botAssignment, fleetSpec, type HostedBot } from '../support/assignments.ts';
import { MemoryPort } from '../support/memory-port.ts';
import { waitFor } from '../support/wait.ts';

/** How a {@link Hosting} is started. */
export interface HostingOptions {
  readonly emulator?: EmulatorOptions;
  readonly drainSeconds?: number;
  readonly random?: Random;
  /** Whether the runtime takes webhooks, at an address that its fleet has. */
  readonly webhook?: boolean;
  /** Who keeps what was; nobody unless given. */
  readonly history?: HistorySink;
  /** Where traces begin; nothing is traced unless given. */
  readonly tracing?: Tracing;
  /** Hears each log line; what it throws is the log's failure. */
  readonly onLog?: (line: string) => void;
}

/** Where webhooks come in. */
export interface Door {
  readonly routes: WebhookRoutes;
  readonly server: Listener;
  readonly publicUrl: string;
  /** How often requests have ended in each way. */
  readonly results: Map<WebhookResult, number>;
}

async function openDoor(): Promise<Door> {
  const routes = new WebhookRoutes();
  const results = new Map<WebhookResult, number>();
  const server = await startWebhookServer({
    host: '127.0.0.1',
    port: 0,
    routes,
    onResult: (result) => results.set(result, (results.get(result) ?? 0) + 1),
  });
  return { routes, server, results, publicUrl: `http://127.0.0.1:${server.port}/hooks/` };
}

/** A runtime in this process, with an emulator to talk to and all of its log lines. */
export class Hosting implements AsyncDisposable {
  readonly emulator: RunningEmulator;
  readonly control: EmulatorClient;
  readonly #clock = new AdjustableClock({ base: systemClock });
  readonly port = new MemoryPort();
  readonly registry = new Registry();
  readonly runtime: Runtime;
  readonly bots = new Map<string, BotAssignment>();
  log = '';
  /** Where the bots talk to; the emulator unless changed. */
  telegram: ReturnType<typeof fleetSpec>['telegram'];
  /** What the fleet says of webhooks. */
  webhook: FleetWebhook | undefined;
  /** What the fleet as a whole may ask of Telegram. */
  rateLimits: FleetRateLimits = {};
  /** Where webhooks come in, where they do. */
  readonly door: Door | undefined;
  readonly #drainSeconds: number;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;

  static async start(options: HostingOptions = {}): Promise<Hosting> {
    const emulator = await startEmulator(options.emulator);
    return new Hosting(emulator, options, options.webhook ? await openDoor() : undefined);
  }

  private constructor(
    emulator: RunningEmulator,
    { emulator: how, drainSeconds, random, history, tracing, onLog }: HostingOptions,
    door: Door | undefined,
  ) {
    this.emulator = emulator;
    this.door = door;
    this.webhook = door && { publicUrl: door.publicUrl, maxConnections: 40 };
    this.control = new EmulatorClient(emulator.controlUrl);
    this.#drainSeconds = drainSeconds ?? 4;
    this.telegram = {
      ...fleetSpec(emulator.apiRoot, { http2: how?.http2 ?? false }).telegram,
      ...(emulator.caPem !== undefined && { caBundle: emulator.caPem }),
    };
    const write = (line: string): void => {
      this.log += line;
      onLog?.(line);
    };
    const log = createLog({ level: 'debug', format: 'json', destination: { write } });
    this.runtime = new Runtime({
      port: this.port,
      log,
      clock: this.#clock,
      registry: this.registry,
      ...(random && { random }),
      ...(history && { history }),
      ...(tracing && { tracing }),
      ...(door && { webhooks: { routes: door.routes, ordinal: 0 } }),
    });
    this.#ended = this.runtime.start(this.#stop.signal);
  }

  /** Makes a bot, unless `change` holds its token, that answers `/start` with its name; hosts it. */
  async host(name: string, change: Partial<HostedBot> = {}): Promise<BotAssignment> {
    const { token } = await this.control.createBot({
      username: `${name}_bot`,
      ...(change.token !== undefined && { token: change.token }),
    });
    const handlers = [{ command: { name: 'start', reply: { text: `I am ${name}` } } }];
    return this.assign(botAssignment({ name, token, handlers, ...change }));
  }

  /** Hosts a bot as `assignment` says from now on. */
  assign(assignment: BotAssignment): BotAssignment {
    this.bots.set(assignment.uid, assignment);
    this.publish();
    return assignment;
  }

  /** Hands the runtime all that it is to host. */
  publish(change: { readonly superseded?: true } = {}): void {
    const fleet = fleetSpec(this.emulator.apiRoot);
    this.port.assign({
      fleet: {
        ...fleet,
        telegram: this.telegram,
        webhook: this.webhook,
        rateLimits: this.rateLimits,
        runtime: { ...fleet.runtime, drainSeconds: this.#drainSeconds },
      },
      shards: 1,
      bots: [...this.bots.values()],
      ...change,
    });
  }

  /** What the runtime told last of a bot, as soon as `check` holds of it. */
  facts(name: string, check: (facts: RuntimeFacts) => boolean): Promise<RuntimeFacts> {
    return waitFor(`facts of ${name}`, () => {
      const facts = this.port.facts.get(name);
      return facts && check(facts) ? facts : undefined;
    }).catch((error: unknown) => {
      const known = JSON.stringify(this.port.facts.get(name), undefined, 2);
      throw new Error(`${String(error)}; known is ${known}`, { cause: error });
    });
  }

  running(name: string): Promise<RuntimeFacts> {
    return this.facts(name, ({ lifecycle }) => lifecycle === 'Running');
  }

  /** Waits until Telegram holds a poll of the bot. */
  async polling(name: string): Promise<void> {
    await this.#met({ kind: 'polling', bot: `${name}_bot` });
  }

  /** As {@link polling}, where polls may have timed out meanwhile: lets their pauses pass. */
  async pollingAgain(name: string): Promise<void> {
    await waitFor(`another poll of ${name}`, async () => {
      const condition = { kind: 'polling', bot: `${name}_bot` } as const;
      const { met } = await this.control.waitFor(condition, { timeoutMs: 500 });
      if (!met) await this.advance(10_000);
      return met;
    });
  }

  /** Sends a text as a user; the id of the update, 0 where the bot gets none. */
  async say(name: string, text: string, from = 'ann'): Promise<number> {
    const user = await this.control.createUser({ firstName: from, username: from });
    const said = await this.control.sendText({ bot: `${name}_bot`, from: user.id, text });
    return said.updateId ?? 0;
  }

  /** Waits for a message of the bot that holds `text`. */
  async answered(name: string, text: string): Promise<void> {
    await this.#met({ kind: 'calls', bot: `${name}_bot`, method: 'sendMessage', text, ok: true });
  }

  /** Waits until the bot has confirmed all of its updates. */
  async confirmed(name: string): Promise<void> {
    await this.#met({ kind: 'confirmed', bot: `${name}_bot` });
  }

  /** How many calls of a method the bot has made. */
  async calls(name: string, method: string): Promise<number> {
    return (await this.control.calls({ bot: `${name}_bot`, method })).length;
  }

  /** Lets time pass, for the runtime and for Telegram. */
  async advance(ms: number): Promise<void> {
    await Promise.all([this.#clock.advanceAsync(ms), this.emulator.clock.advanceAsync(ms)]);
  }

  /** Stops the runtime; resolves when it has drained. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.door?.server.close();
    await this.emulator.close();
  }

  async #met(condition: Parameters<EmulatorClient['waitFor']>[0]): Promise<void> {
    const { met } = await this.control.waitFor(condition, { timeoutMs: 30_000 });
    if (!met) throw new Error(`in vain: ${JSON.stringify(condition)}\n${this.log}`);
  }
}
