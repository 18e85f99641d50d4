import { AdjustableClock } from '../lib/adjustable-clock.ts';
import type { KeyPair } from '../lib/certificates.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { environmentError, errorCode, errorMessage, inputError } from '../lib/errors.ts';
import { type Random, seededRandom, systemRandom } from '../lib/random.ts';
import { startApiServer } from './api-server.ts';
import { BotApi } from './bot-api.ts';
import { startControlServer } from './control-api/server.ts';
import { Faults } from './faults.ts';
import { Ledger } from './ledger.ts';
import { Limits } from './limits/limits.ts';
import type { LimitSettings } from './limits/settings.ts';
import { makeCertificates } from './tls.ts';
import type { WebhookRules } from './webhook-rules.ts';
import { openWebhooks } from './webhooks.ts';
import { World } from './world.ts';

/** How an emulator is started; everything has a default. Ports are free ones unless given. */
export interface EmulatorOptions {
  /** Where the Bot API listens; 127.0.0.1 unless given. */
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  /** Where the control interface listens; 127.0.0.1 unless given. */
  readonly controlHost?: string | undefined;
  readonly controlPort?: number | undefined;
  /** Plain HTTP unless given. `self-signed` makes a CA for this run. */
  readonly tls?: false | 'self-signed' | KeyPair | undefined;
  /** Offers HTTP/2; only over TLS. */
  readonly http2?: boolean | undefined;
  /** Streams that one HTTP/2 connection carries; 128 unless given, as in the cloud. */
  readonly maxStreams?: number | undefined;
  /** `create` makes a bot for any well-formed token at its first call. */
  readonly unknownTokens?: 'reject' | 'create' | undefined;
  /** Which endpoints bots may set; `loopback` unless given. */
  readonly webhookRules?: WebhookRules | undefined;
  /** PEM of certificates that webhooks' endpoints may show beside the usual ones. */
  readonly webhookCa?: string | undefined;
  /** Telegram's limits; off unless given. The control interface changes them at run time. */
  readonly limits?: LimitSettings | undefined;
  /** Calls and updates that the ledger keeps, each. */
  readonly ledgerCapacity?: number | undefined;
  /** What time is built upon; the control interface moves the emulator ahead of it. */
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  /** Which calls meet a fault with a share; 1 unless given, so that runs are alike. */
  readonly seed?: number | undefined;
  /** Hears of defects of the emulator itself; they are dropped unless given. */
  readonly onDefect?: ((error: unknown) => void) | undefined;
}

/** An emulator that is listening. */
export interface RunningEmulator {
  /** What a client takes for `https://api.telegram.org`. */
  readonly apiRoot: string;
  readonly controlUrl: string;
  /** The certificate authority to trust, where `tls` is `self-signed`. */
  readonly caPem?: string;
  readonly world: World;
  /** The emulator's time, for tests in the same process. */
  readonly clock: AdjustableClock;
  /** Ends all calls and frees both ports. */
  close(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';

/** What a caller leaves out. */
const DEFAULTS = {
  host: LOOPBACK,
  port: 0,
  controlHost: LOOPBACK,
  controlPort: 0,
  tls: false,
  http2: false,
  maxStreams: 128,
  unknownTokens: 'reject',
  webhookRules: 'loopback',
  webhookCa: '',
  limits: {},
  ledgerCapacity: 100_000,
  clock: systemClock,
  random: systemRandom,
  seed: 1,
  onDefect: () => undefined,
} as const satisfies EmulatorOptions;

type Settings = Required<Filled<EmulatorOptions>>;
type Filled<Options> = { readonly [Name in keyof Options]: Exclude<Options[Name], undefined> };

/** Starts a Bot API server and its control interface. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<RunningEmulator> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const settings = { ...DEFAULTS, ...Object.fromEntries(given) } as Settings;
  const { random, host, controlHost } = settings;
  if (settings.http2 && settings.tls === false) {
    throw inputError(
      'HTTP2_NEEDS_TLS',
      'http2 needs tls: the emulator offers HTTP/2 over TLS only',
    );
  }
  const clock = new AdjustableClock({ base: settings.clock });
  const ledger = new Ledger(clock, settings.ledgerCapacity);
  const world = new World({ clock, random, ledger });
  const faults = new Faults(seededRandom(settings.seed));
  const limits = new Limits(clock, settings.limits);
  const tls = await keyPairFor(settings);
  const api = makeApi(settings, { world, faults, limits });
  const apiServer = await listening('Bot API', host, settings.port, () =>
    startApiServer({ ...settings, api, tls }),
  );
  const closing = new AbortController();
  const realClock = settings.clock;
  const controlled = { world, faults, limits, clock, realClock, closing: closing.signal };
  const address = { host: controlHost, port: settings.controlPort };
  const control = await listening('control interface', controlHost, address.port, () =>
    startControlServer(controlled, address),
  ).catch(async (error: unknown) => {
    await apiServer.close();
    throw error;
  });
  return {
    apiRoot: `${tls ? 'https' : 'http'}://${urlHost(host)}:${apiServer.port}`,
    controlUrl: `http://${urlHost(controlHost)}:${control.port}`,
    ...(tls?.caPem !== undefined && { caPem: tls.caPem }),
    world,
    clock,
    async close() {
      closing.abort();
      world.reset();
      await Promise.all([apiServer.close(), control.close()]);
    },
  };
}

function makeApi(
  settings: Settings,
  parts: { readonly world: World; readonly faults: Faults; readonly limits: Limits },
): BotApi {
  const { world } = parts;
  const { unknownTokens, webhookRules, webhookCa, onDefect } = settings;
  const webhooks = openWebhooks({
    world,
    rules: webhookRules,
    ca: webhookCa,
    answer: (bot, raw) => api.handleWebhookAnswer(bot, raw).catch(onDefect),
  });
  const api = new BotApi({ ...parts, webhooks, unknownTokens });
  return api;
}

async function keyPairFor({
  tls,
  host,
}: Settings): Promise<(KeyPair & { readonly caPem?: string }) | undefined> {
  if (tls === false) return undefined;
  return tls === 'self-signed' ? makeCertificates(host) : tls;
}

async function listening<Server>(
  what: string,
  host: string,
  port: number,
  start: () => Promise<Server>,
): Promise<Server> {
  try {
    return await start();
  } catch (error) {
    const code = errorCode(error);
    const place = `${host}:${port}`;
    if (code === 'EADDRINUSE') {
      throw environmentError(
        'PORT_IN_USE',
        `the emulator's ${what} can't listen on ${place}: the port is in use; stop what uses it or choose another port`,
        error,
      );
    }
    throw environmentError(
      'LISTEN_FAILED',
      `the emulator's ${what} can't listen on ${place}: ${errorMessage(error)}`,
      error,
    );
  }
}

/** An address as a URL shows it; one that stands for all of them is reached by loopback. */
function urlHost(host: string): string {
  if (host === '0.0.0.0') return LOOPBACK;
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
