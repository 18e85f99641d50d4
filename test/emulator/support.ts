import { onTestFinished } from 'vitest';
import { EmulatorClient, type MadeBot, type UserView } from '../../src/emulator/control-client.ts';
import {
  type EmulatorOptions,
  type RunningEmulator,
  startEmulator,
} from '../../src/emulator/emulator.ts';

/** What the Bot API answered. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: {
    readonly ok: boolean;
    // oxlint-disable-next-line typescript/no-explicit-any -- tests look into results of any shape
    readonly result?: any;
    readonly error_code?: number;
    readonly description?: string;
    readonly parameters?: {
      readonly retry_after?: number | string;
      readonly migrate_to_chat_id?: number;
    };
  };
}

/** An emulator with its control client; closed when the test ends. */
export interface TestEmulator {
  readonly emulator: RunningEmulator;
  readonly control: EmulatorClient;
  /** Calls a method with a JSON body. */
  api(token: string, method: string, body?: object): Promise<ApiAnswer>;
}

/** Starts an emulator for one test. A defect of the emulator fails the test. */
export async function testEmulator(options: EmulatorOptions = {}): Promise<TestEmulator> {
  const defects: unknown[] = [];
  const emulator = await startEmulator({ onDefect: (defect) => defects.push(defect), ...options });
  onTestFinished(async () => {
    await emulator.close();
    if (defects.length > 0) throw new AggregateError(defects, 'the emulator has defects');
  });
  return {
    emulator,
    control: new EmulatorClient(emulator.controlUrl),
    async api(token, method, body = {}) {
      const response = await fetch(`${emulator.apiRoot}/bot${token}/${method}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return { status: response.status, body: (await response.json()) as ApiAnswer['body'] };
    },
  };
}

/** A bot and a user who have met. */
export async function acquainted(
  { control }: TestEmulator,
  username = 'greeter_bot',
): Promise<{ readonly bot: MadeBot; readonly user: UserView }> {
  const bot = await control.createBot({ username });
  const user = await control.createUser({ firstName: 'Ann', username: 'ann' });
  await control.sendText({ bot: bot.id, from: user.id, text: '/start' });
  return { bot, user };
}
