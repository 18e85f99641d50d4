import type { BotFleetSpec } from '../api/bot-fleet.ts';
import { EmulatorClient } from '../emulator/control-client.ts';
import { type RunningEmulator, startEmulator } from '../emulator/emulator.ts';
import { errorMessage, inputError } from '../lib/errors.ts';
import type { Log } from '../telemetry/log.ts';

type Telegram = BotFleetSpec['telegram'];

/** Where people want bots to find Telegram. */
export interface TelegramChoice {
  /** `emulator` starts one, `fleet` leaves it to each BotFleet, else an address for all. */
  readonly apiRoot: string;
  /** Control interface of an emulator that runs elsewhere. */
  readonly emulatorControl: string | undefined;
  /** Certificates to check the server against, PEM. */
  readonly apiCa: string | undefined;
}

/** Where bots find Telegram, and how to act as a user there. */
export interface TelegramAddress {
  /** How a fleet reaches Telegram. */
  of(fleet: BotFleetSpec): Telegram;
  /** For people. */
  readonly description: string;
  /** Undefined where there is no emulator that listens to us. */
  readonly control: EmulatorClient | undefined;
  close(): Promise<void>;
}

/** Starts an emulator where one is wanted. Rejects where one that is named can't be reached. */
export async function findTelegram(choice: TelegramChoice, log: Log): Promise<TelegramAddress> {
  const { apiRoot, emulatorControl, apiCa } = choice;
  if (apiRoot === 'emulator') {
    if (emulatorControl !== undefined) {
      throw inputError(
        'API_ROOT_NEEDED',
        '--emulator-control names an emulator that runs elsewhere: give its Bot API address as --api-root too',
      );
    }
    return withBuiltIn(
      await startEmulator({ onDefect: (error) => log.error(errorMessage(error)) }),
    );
  }
  const control = emulatorControl === undefined ? undefined : new EmulatorClient(emulatorControl);
  await control?.bots();
  return {
    of: ({ telegram }) =>
      apiRoot === 'fleet'
        ? { ...telegram, ...(apiCa !== undefined && { caBundle: apiCa }) }
        : elsewhere(telegram, apiRoot, apiCa),
    description: `${apiRoot === 'fleet' ? 'as each BotFleet says' : apiRoot}${
      control ? ` (an emulator, control interface ${emulatorControl})` : ''
    }`,
    control,
    close: () => Promise.resolve(),
  };
}

function withBuiltIn(emulator: RunningEmulator): TelegramAddress {
  const { apiRoot, controlUrl } = emulator;
  return {
    of: ({ telegram }) => elsewhere(telegram, apiRoot, undefined),
    description: `built-in emulator ${apiRoot} (control interface ${controlUrl})`,
    control: new EmulatorClient(controlUrl),
    close: () => emulator.close(),
  };
}

/** The fleet's own certificates belong to the fleet's own address. */
function elsewhere(telegram: Telegram, apiRoot: string, caBundle: string | undefined): Telegram {
  return { http2: telegram.http2, apiRoot, ...(caBundle !== undefined && { caBundle }) };
}
