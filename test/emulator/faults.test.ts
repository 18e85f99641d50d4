import { describe, expect, it } from 'vitest';
import { Faults } from '../../src/emulator/faults.ts';
import { seededRandom } from '../../src/lib/random.ts';
import { waitFor } from '../support/wait.ts';
import { acquainted, testEmulator } from './support.ts';

describe('Faults', () => {
  const effect = { kind: 'truncate' } as const;
  const GET_ME = { botId: 1, method: 'getme', chatId: '' };

  it('strike the share of calls that they were given, the same ones for the same seed', () => {
    const strikes = (seed: number): boolean[] => {
      const faults = new Faults(seededRandom(seed));
      faults.add({ share: 0.25, effect });
      return Array.from({ length: 1_000 }, () => faults.plan(GET_ME).effect !== undefined);
    };
    const struck = strikes(7).filter(Boolean).length;
    expect(struck).toBeGreaterThan(200);
    expect(struck).toBeLessThan(300);
    expect(strikes(7)).toEqual(strikes(7));
    expect(strikes(7)).not.toEqual(strikes(8));
  });

  it('strike only the bot and the method that they are for, and no more often than told', () => {
    const faults = new Faults(seededRandom(1));
    faults.add({ botId: 1, method: 'sendMessage', share: 1, count: 2, effect });
    const met = [
      [2, 'sendmessage'],
      [1, 'getme'],
      [1, 'sendmessage'],
      [1, 'sendmessage'],
      [1, 'sendmessage'],
    ].map(
      ([bot, method]) =>
        faults.plan({ botId: Number(bot), method: String(method), chatId: '' }).label,
    );
    expect(met).toEqual([undefined, undefined, 'truncate', 'truncate', undefined]);
    expect(faults.list()).toEqual([]);
  });

  it('add delays up before another effect', () => {
    const faults = new Faults(seededRandom(1));
    for (const delayMs of [10, 20]) faults.add({ share: 1, effect: { kind: 'delay', delayMs } });
    faults.add({ share: 1, effect });
    expect(faults.plan(GET_ME)).toEqual({ delayMs: 30, effect, label: 'truncate' });
  });
});

describe('an injected fault', () => {
  it.each([
    [
      { kind: 'status', status: 502 } as const,
      502,
      '{"ok":false,"error_code":502,"description":"Bad Gateway"}',
    ],
    [
      { kind: 'status', status: 429, retryAfterSeconds: 3 } as const,
      429,
      '{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 3","parameters":{"retry_after":3}}',
    ],
    [{ kind: 'not-ok' } as const, 200, '{"ok":false,"error_code":400,"description":"Bad Request"}'],
    [{ kind: 'empty' } as const, 200, ''],
  ])('%j is answered instead of the call', async (effect, status, body) => {
    const test = await testEmulator();
    const { bot, user } = await acquainted(test);
    await test.control.addFault({ bot: bot.id, count: 1, effect });
    const url = `${test.emulator.apiRoot}/bot${bot.token}/sendMessage?chat_id=${user.id}&text=hi`;
    const response = await fetch(url);
    expect([response.status, await response.text()]).toEqual([status, body]);
    expect(await test.control.messages(user.id, bot.id)).toHaveLength(1);
    const [call] = await test.control.calls({ method: 'sendMessage' });
    expect(call?.outcome).toMatchObject({ status, ok: false, fault: effect.kind });
  });

  it.each([0, -1, 1e9, 'x'])('can say that a pause lasts %j', async (retry_after) => {
    const test = await testEmulator();
    const { bot } = await acquainted(test);
    const effect = { kind: 'status', status: 429, retryAfterSeconds: retry_after } as const;
    await test.control.addFault({ effect });
    expect((await test.api(bot.token, 'getMe')).body).toEqual({
      ok: false,
      error_code: 429,
      description: `Too Many Requests: retry after ${retry_after}`,
      parameters: { retry_after },
    });
  });

  it.each(['getMe', 'getUpdates'])('can be a 429 of %s', async (method) => {
    const test = await testEmulator();
    const { bot } = await acquainted(test);
    const effect = { kind: 'status', status: 429, retryAfterSeconds: 5 } as const;
    await test.control.addFault({ method, count: 1, effect });
    expect((await test.api(bot.token, method)).body.parameters).toEqual({ retry_after: 5 });
    expect((await test.api(bot.token, method)).status).toBe(200);
  });

  it('can be for one chat', async () => {
    const test = await testEmulator();
    const { bot, user } = await acquainted(test);
    const ben = await test.control.createUser({ firstName: 'Ben' });
    await test.control.sendText({ bot: bot.id, from: ben.id, text: 'hi' });
    await test.control.addFault({ chat: ben.id, effect: { kind: 'status', status: 429 } });
    const statuses: number[] = [];
    for (const { id } of [user, ben]) {
      const sent = await test.api(bot.token, 'sendMessage', { chat_id: id, text: 'hi' });
      statuses.push(sent.status);
    }
    expect(statuses).toEqual([200, 429]);
  });

  it('can be a page of HTML', async () => {
    const test = await testEmulator();
    const { bot } = await acquainted(test);
    await test.control.addFault({ effect: { kind: 'html' } });
    const response = await fetch(`${test.emulator.apiRoot}/bot${bot.token}/getMe`);
    expect(response.status).toBe(502);
    expect(response.headers.get('content-type')).toBe('text/html');
    expect(await response.text()).toContain('<h1>502 Bad Gateway</h1>');
  });

  it.each([
    [{ kind: 'reset', when: 'before' } as const, 0],
    [{ kind: 'reset', when: 'after' } as const, 1],
    [{ kind: 'truncate' } as const, 1],
  ])('%j breaks the connection, with the call in effect or not', async (effect, sent) => {
    const test = await testEmulator();
    const { bot, user } = await acquainted(test);
    await test.control.addFault({ bot: 'greeter_bot', method: 'sendmessage', effect });
    const url = `${test.emulator.apiRoot}/bot${bot.token}/sendMessage?chat_id=${user.id}&text=hi`;
    await expect(fetch(url).then((response) => response.text())).rejects.toThrow(
      /^(?:fetch failed|terminated)$/,
    );
    expect(await test.control.messages(user.id, bot.id)).toHaveLength(1 + sent);
    const [call] = await test.control.calls({ method: 'sendMessage' });
    expect(call?.outcome).toMatchObject({ status: 0, ok: sent === 1, fault: effect.kind });
  });

  it('can leave the client waiting, and can be taken away', async () => {
    const test = await testEmulator();
    const { bot } = await acquainted(test);
    const url = `${test.emulator.apiRoot}/bot${bot.token}/getMe`;
    const { id } = await test.control.addFault({ effect: { kind: 'hang' } });
    const given = new AbortController();
    const hanging = fetch(url, { signal: given.signal });
    await test.control.waitFor({ kind: 'calls', method: 'getMe' });
    given.abort();
    await expect(hanging).rejects.toThrow('aborted');
    await test.control.removeFault(id);
    expect((await fetch(url)).status).toBe(200);
    await expect(test.control.removeFault(id)).rejects.toMatchObject({ code: 'FAULT_NOT_FOUND' });
  });

  it('can hold a call up by the time of the emulator', async () => {
    const test = await testEmulator();
    const { bot } = await acquainted(test);
    await test.control.addFault({ count: 1, effect: { kind: 'delay', delayMs: 3_600_000 } });
    const call = test.api(bot.token, 'getMe');
    await waitFor('the call', async () => (await test.control.calls()).length === 1);
    await test.control.advanceClock(3_599_000);
    expect(await test.control.calls()).toMatchObject([{ outcome: null }]);
    await test.control.advanceClock(1_000);
    expect((await call).status).toBe(200);
  });

  it('leaves an update unconfirmed when the answer that carried it is lost', async () => {
    const test = await testEmulator();
    const { bot } = await acquainted(test);
    const effect = { kind: 'reset', when: 'after' } as const;
    await test.control.addFault({ method: 'getUpdates', count: 1, effect });
    await expect(test.api(bot.token, 'getUpdates')).rejects.toThrow('fetch failed');
    expect(await test.control.updates()).toMatchObject([{ fate: 'pending', deliveryCount: 0 }]);
    const { body } = await test.api(bot.token, 'getUpdates');
    await test.api(bot.token, 'getUpdates', { offset: Number(body.result[0].update_id) + 1 });
    expect(await test.control.updates()).toMatchObject([{ fate: 'confirmed', deliveryCount: 1 }]);
  });
});
