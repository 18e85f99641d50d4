import { Api } from 'grammy';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { profileSchema } from '../../../src/api/profile.ts';
import type { Aspect } from '../../../src/api/runtime-facts.ts';
import { EmulatorClient } from '../../../src/emulator/control-client.ts';
import { type RunningEmulator, startEmulator } from '../../../src/emulator/emulator.ts';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { ProfileSync } from '../../../src/runtime/profile/profile-sync.ts';
import { Sweep } from '../../../src/runtime/sweep.ts';
import { createLog } from '../../../src/telemetry/log.ts';
import { waitFor } from '../../support/wait.ts';

const DAY_MS = 86_400_000;

describe('the profile of a bot', () => {
  let emulator: RunningEmulator;
  let control: EmulatorClient;
  let api: Api;
  let bot: number;
  let sync: ProfileSync;
  let told: (Aspect | undefined)[];
  const clock = new AdjustableClock();

  beforeEach(async () => {
    emulator = await startEmulator();
    control = new EmulatorClient(emulator.controlUrl);
    const made = await control.createBot({ username: 'shop_bot', name: 'Shop' });
    bot = made.id;
    api = new Api(made.token, { apiRoot: emulator.apiRoot });
    told = [];
    const random = () => 0;
    sync = new ProfileSync({
      api,
      clock,
      random,
      sweep: new Sweep(clock, random),
      log: createLog({ level: 'debug', format: 'json', destination: { write: () => undefined } }),
      tell: (aspect) => told.push(aspect),
    });
  });
  afterEach(async () => {
    sync.close();
    await emulator.close();
  });

  const aspect = (reason: string): Promise<Aspect> =>
    waitFor(`profile ${reason}`, () => {
      const last = told.at(-1);
      return last?.reason === reason && last;
    });
  /** Calls that change something, in order. */
  const changes = async (): Promise<string[]> => {
    const calls = await control.calls({ bot });
    return calls.map(({ method }) => method).filter((method) => method.startsWith('set'));
  };
  const want = (profile: unknown): void => sync.apply(profileSchema.parse(profile));

  test('is set where it differs, in every language, and then left alone', async () => {
    const commands = [{ command: 'start', description: 'Begin' }];
    want({
      name: 'Tea Shop',
      shortDescription: 'Tea',
      commands,
      languages: { de: { name: 'Teeladen', description: 'Hier gibt es Tee.' } },
    });
    expect(await aspect('Synced')).toMatchObject({ ok: true });
    expect((await api.getMyName()).name).toBe('Tea Shop');
    expect((await api.getMyName({ language_code: 'de' })).name).toBe('Teeladen');
    expect((await api.getMyDescription({ language_code: 'de' })).description).toContain('Tee');
    expect((await api.getMyShortDescription()).short_description).toBe('Tea');
    expect(await api.getMyCommands()).toEqual(commands);
    const before = await changes();
    expect(before).toHaveLength(5);

    told.length = 0;
    await clock.advanceAsync(DAY_MS * 1.2);
    await aspect('Synced');
    expect(await changes()).toEqual(before);
  });

  test('that somebody else changed is set right within about a day', async () => {
    want({ name: 'Tea Shop', description: 'Tea' });
    await aspect('Synced');
    await api.setMyDescription('Coffee!');
    told.length = 0;
    await clock.advanceAsync(DAY_MS * 1.2);
    await aspect('Synced');
    expect((await api.getMyDescription()).description).toBe('Tea');
  });

  test('that Telegram refuses is told in its words, and the rest is set', async () => {
    await control.addFault({
      bot,
      method: 'setMyName',
      effect: { kind: 'status', status: 400, description: 'Bad Request: name is not allowed' },
    });
    want({ name: 'Telegram Support', description: 'Tea' });
    const { ok, message } = await aspect('Refused');
    expect(ok).toBe(false);
    expect(message).toContain('The name was not taken');
    expect(message).toContain('name is not allowed');
    expect((await api.getMyDescription()).description).toBe('Tea');
  });

  test('waits as long as Telegram says', async () => {
    await control.setLimits({ nameChanges: { perDay: 1 } });
    await api.setMyName('Coffee Shop');
    want({ name: 'Tea Shop', description: 'Tea' });
    const { message } = await aspect('RateLimited');
    expect(message).toMatch(/the name is set after \d{4}-/);
    expect((await api.getMyDescription()).description).toBe('Tea');
    const before = await changes();
    await clock.advanceAsync(600_000);
    expect(await changes()).toEqual(before);
    await emulator.clock.advanceAsync(DAY_MS);
    await clock.advanceAsync(DAY_MS * 1.2);
    await aspect('Synced');
    expect((await api.getMyName()).name).toBe('Tea Shop');
  });

  test('is out of step from when it changes until Telegram has been told', async () => {
    want({ name: 'Tea Shop' });
    await aspect('Synced');
    want({ name: 'Cake Shop' });
    expect(told.at(-1)).toMatchObject({ ok: false, reason: 'Syncing' });
    await aspect('Synced');
    expect((await api.getMyName()).name).toBe('Cake Shop');
  });

  test('that is no longer wanted is no longer looked after', async () => {
    want({ name: 'Tea Shop' });
    await aspect('Synced');
    sync.apply(undefined);
    expect(told.at(-1)).toBeUndefined();
    const calls = (await control.calls({ bot })).length;
    await clock.advanceAsync(DAY_MS * 3);
    expect((await control.calls({ bot })).length).toBe(calls);
  });
});
