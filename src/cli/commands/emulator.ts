import { readFile, writeFile } from 'node:fs/promises';
import {
  type EmulatorOptions,
  type RunningEmulator,
  startEmulator,
} from '../../emulator/emulator.ts';
import { type EmulatorFlags, emulatorFlags } from '../../emulator/options.ts';
import { aborted } from '../../lib/aborted.ts';
import { environmentError, errorMessage, inputError } from '../../lib/errors.ts';

/**
 * `tenantbot emulator`: serves the Bot API and its control interface until `signal` aborts. Says
 * where both are and how to use them, then one line that begins with `ready`. `options` are the
 * flags in camel case; a bad one is refused by name.
 */
export async function runEmulator(
  options: Readonly<Record<string, unknown>>,
  io: { readonly out: (line: string) => void },
  signal: AbortSignal,
): Promise<void> {
  const flags = readFlags(options);
  const emulator = await startEmulator(await toEmulatorOptions(flags, io.out));
  try {
    await announce(emulator, flags, io.out);
    await aborted(signal);
  } finally {
    await emulator.close();
  }
}

function readFlags(options: Readonly<Record<string, unknown>>): EmulatorFlags {
  const parsed = emulatorFlags.safeParse(options);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${flagName(path)}: ${message}`);
  throw inputError('EMULATOR_OPTIONS_INVALID', problems.join('; '));
}

function flagName(path: readonly PropertyKey[]): string {
  const name = String(path[0] ?? 'option');
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

async function toEmulatorOptions(
  flags: EmulatorFlags,
  out: (line: string) => void,
): Promise<EmulatorOptions> {
  const { tls, tlsCert, tlsKey, caFile: _caFile, webhookCaFile, ...others } = flags;
  const { coldStart, overload, floodControl, nameChanges, ...rest } = others;
  return {
    ...rest,
    limits: { coldStart, overload, floodControl, nameChanges },
    tls:
      tlsCert !== undefined && tlsKey !== undefined
        ? { cert: await readPem('--tls-cert', tlsCert), key: await readPem('--tls-key', tlsKey) }
        : tls && 'self-signed',
    webhookCa:
      webhookCaFile === undefined ? undefined : await readPem('--webhook-ca-file', webhookCaFile),
    onDefect: (error) => out(`defect of the emulator: ${errorMessage(error)}`),
  };
}

async function readPem(flag: string, path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw inputError(
      'FILE_UNREADABLE',
      `${flag}: can't read ${path}: ${errorMessage(error)}`,
      error,
    );
  });
  if (text.includes('-----BEGIN ')) return text;
  throw inputError('FILE_NOT_PEM', `${flag}: ${path} is not a PEM file`);
}

async function announce(
  emulator: RunningEmulator,
  { caFile }: EmulatorFlags,
  out: (line: string) => void,
): Promise<void> {
  const { apiRoot, controlUrl, caPem } = emulator;
  if (caPem !== undefined && caFile !== undefined) await writePem(caFile, caPem);
  const trust = caFile === undefined ? '' : ` --api-ca ${caFile}`;
  out(`Bot API             ${apiRoot}`);
  out(`control interface   ${controlUrl} (described at ${controlUrl}/openapi.json)`);
  if (caFile !== undefined) out(`CA to trust         ${caFile}`);
  out('To run tenant bots against it:');
  out(`  npm start -- --api-root ${apiRoot} --emulator-control ${controlUrl}${trust}`);
  out(`ready: Bot API emulator on ${apiRoot}`);
}

async function writePem(path: string, pem: string): Promise<void> {
  await writeFile(path, pem).catch((error: unknown) => {
    throw environmentError(
      'FILE_UNWRITABLE',
      `--ca-file: can't write ${path}: ${errorMessage(error)}`,
      error,
    );
  });
}
