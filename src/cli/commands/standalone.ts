import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../lib/clock.ts';
import { errorCode, inputError } from '../../lib/errors.ts';
import { systemRandom } from '../../lib/random.ts';
import { ErrorBoundary } from '../../runtime/bot/boundary.ts';
import { LogRing } from '../../standalone/admin-api/log-ring.ts';
import { runStandalone } from '../../standalone/standalone.ts';
import { createLog } from '../../telemetry/log.ts';
import { LogFile } from '../../telemetry/log-file.ts';
import { createRegistry, RegistrySet } from '../../telemetry/registry.ts';
import { uncaughtErrorCounter } from '../metrics/runtime-process.ts';
import { openTracing } from '../open-tracing.ts';
import { SETTINGS_PREFIX, type Settings } from '../settings.ts';
import { handleUncaughtErrors } from '../uncaught-errors.ts';
import type { Io } from './io.ts';

/** What `tenantbot standalone` takes from its surroundings. */
export interface Surroundings {
  /** The current folder. */
  readonly folder: string;
  /** The folder of samples that come with the program. */
  readonly samples: URL;
  /** The folder of the page. */
  readonly page: string;
  /** The file that `tenantbot` is started by, and what it finds in its environment. */
  readonly program: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where log lines go. */
  readonly logTo: { write(text: string): unknown };
  /** Ends the process. */
  readonly exit: (code: number) => void;
}

/** `tenantbot standalone`: runs bots on this machine until `signal` aborts. */
export async function startStandalone(
  settings: Settings,
  { folder, samples, page, program, environment, logTo, exit }: Surroundings,
  { io, signal }: { readonly io: Io; readonly signal: AbortSignal },
): Promise<void> {
  const { manifests, data, apiRoot, emulatorControl, apiCa, port, webhookPort } = settings;
  const { shards, history, databaseUrl, retention, logLevel, logFormat } = settings;
  const { metricsPort, botMetrics, otlpEndpoint, traceRatio } = settings;
  const destination = { write: (text: string) => void logTo.write(text) };
  await using file = await openLogFile(settings.logFile, { folder, logTo });
  const logs = new LogRing();
  const onLine = (line: string): void => logs.add(line);
  const log = createLog({ level: logLevel, format: logFormat, destination, file, onLine });
  const tracing = await openTracing(settings, { service: 'tenantbot-standalone', log });
  const boundary = new ErrorBoundary();
  const registry = metricsPort === undefined ? undefined : createRegistry();
  const counter = registry && uncaughtErrorCounter(registry);
  using _errors = handleUncaughtErrors({
    blame: (error) => boundary.fail(error),
    log,
    exit,
    ...(counter && { counter }),
  });
  const running = runStandalone(
    {
      manifests: manifests ?? [fileURLToPath(samples)],
      data,
      telegram: { apiRoot, emulatorControl, apiCa: await readCertificates(apiCa) },
      port,
      logs,
      adminPort: settings.adminPort,
      page,
      webhookPort,
      metricsPort,
      tracing,
      metrics: registry && { registries: new RegistrySet(registry), botMetrics },
      shards,
      history,
      databaseUrl,
      retention,
      runtime: {
        command: [
          process.execPath,
          ...process.execArgv,
          program,
          'runtime',
          `--log-level=${logLevel}`,
          `--log-format=${logFormat}`,
          `--bot-metrics=${botMetrics}`,
          `--trace-ratio=${traceRatio}`,
          ...(otlpEndpoint === undefined ? [] : [`--otlp-endpoint=${otlpEndpoint}`]),
        ],
        environment: withoutSettings(environment),
      },
      // The service behind the sample bots belongs to the samples and to nothing else.
      sampleService: manifests ? undefined : new URL('echo-service.mjs', samples),
      folder,
      clock: systemClock,
      random: systemRandom,
      log,
      boundary,
      out: io.out,
    },
    signal,
  );
  try {
    await running;
  } finally {
    await tracing?.close();
  }
}

async function readCertificates(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw inputError(
      'API_CA_UNREADABLE',
      `--api-ca: ${path} can't be read (${errorCode(error)})`,
      error,
    );
  });
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw inputError('API_CA_NOT_PEM', `--api-ca: ${path} holds no certificate in PEM form`);
}

/** Settings of this program are not meant for those that it starts. */
function withoutSettings(environment: Surroundings['environment']): Surroundings['environment'] {
  const others = Object.entries(environment).filter(([name]) => !name.startsWith(SETTINGS_PREFIX));
  return Object.fromEntries(others);
}

/** Where log lines go as well; undefined where they are to go nowhere else. */
async function openLogFile(
  path: string | undefined,
  { folder, logTo }: Pick<Surroundings, 'folder' | 'logTo'>,
): Promise<LogFile | undefined> {
  if (path === undefined) return undefined;
  const onTrouble = (words: string): void => void logTo.write(`tenantbot: ${words}\n`);
  return LogFile.open({ path: resolve(folder, path), clock: systemClock, onTrouble });
}
