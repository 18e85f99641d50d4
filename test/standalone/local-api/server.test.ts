import { request } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { tenantBotSpecSchema } from '../../../src/api/tenant-bot.ts';
import { runGet } from '../../../src/cli/commands/get.ts';
import { runRetries } from '../../../src/cli/commands/retries.ts';
import { localAccess } from '../../../src/cli/local-access.ts';
import { LocalClient } from '../../../src/cli/local-client.ts';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { Secret } from '../../../src/lib/secret.ts';
import { RetryStatistics } from '../../../src/runtime/pipeline/retries/retry-statistics.ts';
import { type LocalApi, startLocalApi } from '../../../src/standalone/local-api/server.ts';
import { ObjectStore, type StoredObject } from '../../../src/standalone/object-store.ts';
import { makeLog } from '../support.ts';

const TOKEN = 'the-token-of-this-test';

function bot(name: string, namespace = 'default', generation = 1): StoredObject {
  return {
    apiVersion: 'tenantbot.dev/v1alpha1',
    kind: 'TenantBot',
    metadata: {
      name,
      namespace,
      uid: `${namespace}-${name}`,
      generation,
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: tenantBotSpecSchema.parse({
      tokenSecretRef: { name },
      handlers: [{ command: { name: 'start', reply: { text: 'hello' } } }],
    }),
  };
}

async function open() {
  const objects = new ObjectStore();
  const asked: object[] = [];
  const retryStatistics = new RetryStatistics(new AdjustableClock());
  const api = await startLocalApi({
    port: 0,
    token: new Secret(TOKEN),
    objects,
    problems: () => [{ file: 'a.yaml', line: 2, message: 'is wrong' }],
    conversation: undefined,
    ask: (uid, requests) => void asked.push({ uid, requests }),
    retries: retryStatistics,
    history: () => undefined,
    log: makeLog().log,
  });
  onTestFinished(() => api.close());
  const client = new LocalClient(
    { url: api.url, adminUrl: api.url, token: new Secret(TOKEN), pid: 1 },
    'data',
  );
  return { objects, api, asked, client, retryStatistics };
}

/** The status of a GET with these headers. */
function statusOf({ url }: LocalApi, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(`${url}/problems`, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .once('error', reject)
      .end();
  });
}

describe('the local API', () => {
  test('lets in who knows the token, under a name of this machine', async () => {
    const { api } = await open();
    const authorization = `Bearer ${TOKEN}`;
    expect(await statusOf(api, { authorization })).toBe(200);
    expect(await statusOf(api, { authorization, host: 'localhost' })).toBe(200);
    expect(await statusOf(api, {})).toBe(401);
    expect(await statusOf(api, { authorization: 'Bearer the-token-of-this-tesT' })).toBe(401);
    expect(await statusOf(api, { authorization: `Basic ${TOKEN}` })).toBe(401);
    expect(await statusOf(api, { authorization, host: 'evil.example' })).toBe(403);
    expect(await statusOf(api, { authorization, host: '127.0.0.1.evil.example' })).toBe(403);
  });

  test('lists by namespace and by name', async () => {
    const { objects, client } = await open();
    for (const object of [bot('b'), bot('a'), bot('a', 'other')]) objects.put(object);
    const list = async (namespace?: string) =>
      (await client.list({ plural: 'tenantbots', namespace })).map(
        ({ metadata }) => `${metadata.namespace}/${metadata.name}`,
      );
    expect(await list()).toEqual(['default/a', 'default/b', 'other/a']);
    expect(await list('other')).toEqual(['other/a']);
    const plural = 'tenantbots';
    expect(await client.get({ plural }, { namespace: 'other', name: 'a' })).toEqual(
      bot('a', 'other'),
    );
  });

  test('get tells of faulty manifests, get of one name only of that bot', async () => {
    const { objects, client } = await open();
    objects.put(bot('a'));
    const told = async (...words: string[]): Promise<string[]> => {
      const lines: string[] = [];
      const io = { out: () => undefined, err: (text: string) => void lines.push(text) };
      const options = {
        words,
        watch: false,
        namespace: 'default',
        allNamespaces: false,
        selector: undefined,
        fieldSelector: undefined,
      };
      await runGet(localAccess(client), { ...options, output: undefined, nowMs: () => 0 }, io);
      return lines;
    };
    expect(await told()).toEqual(['a.yaml:2: is wrong']);
    expect(await told('a')).toEqual([]);
  });

  test('what get prints as YAML keeps texts that older YAML takes for times or truth', async () => {
    const { objects, client } = await open();
    objects.put(bot('yes'));
    const lines: string[] = [];
    const io = { out: (text: string) => void lines.push(text), err: () => undefined };
    const options = {
      words: ['yes'],
      watch: false,
      namespace: 'default',
      allNamespaces: false,
      selector: undefined,
      fieldSelector: undefined,
    };
    await runGet(localAccess(client), { ...options, output: 'yaml', nowMs: () => 0 }, io);
    expect(lines.join('\n')).toContain('name: "yes"');
    expect(lines.join('\n')).toContain('creationTimestamp: "2026-01-01T00:00:00Z"');
  });

  test('a watch shows all there is, then every change', async () => {
    const { objects, client } = await open();
    objects.put(bot('a'));
    const events: string[] = [];
    for await (const event of client.watch({ plural: 'tenantbots', namespace: 'default' })) {
      events.push(`${event.type} ${event.object.metadata.generation}`);
      if (events.length === 1) {
        objects.put(bot('a', 'default', 2));
        objects.put(bot('a', 'default', 2));
        objects.put(bot('a', 'other'));
        objects.delete('default-a');
      }
      if (events.length === 3) break;
    }
    expect(events).toEqual(['ADDED 1', 'MODIFIED 2', 'DELETED 2']);
  });

  test('a watch ends when the API is closed', async () => {
    const { api, objects, client } = await open();
    objects.put(bot('a'));
    const watch = client.watch({ plural: 'tenantbots', namespace: undefined });
    await watch.next();
    const rest = watch.next();
    const closed = api.close();
    objects.put(bot('too-late'));
    expect((await rest).done).toBe(true);
    await closed;
  });

  test('says what is not there, and that chats need an emulator', async () => {
    const { objects, client } = await open();
    const name = { namespace: 'default', name: 'a' };
    await expect(client.get({ plural: 'tenantbots' }, name)).rejects.toThrow(
      'there is no TenantBot default/a',
    );
    objects.put(bot('a'));
    const said = { as: 'eve', text: '/start', timeoutMs: 10 };
    await expect(client.ask(name, said)).rejects.toThrow(/work only with the emulator/);
    await expect(client.ask(name, { ...said, text: '' })).rejects.toThrow(
      'text: must not be empty',
    );
    await expect(client.ask(name, { ...said, as: 'e'.repeat(65) })).rejects.toThrow(
      'as: must have at most 64 characters',
    );
  });

  test('asks something of a bot, and only what there is to ask', async () => {
    const { api, objects, asked, client } = await open();
    const name = { namespace: 'default', name: 'a' };
    await expect(client.request(name, { restart: 'now' })).rejects.toThrow(
      'no TenantBot default/a',
    );
    objects.put(bot('a'));
    await client.request(name, { restart: 'now', checkToken: 'now' });
    expect(asked).toEqual([{ uid: 'default-a', requests: { restart: 'now', checkToken: 'now' } }]);
    const path = '/apis/tenantbot.dev/v1alpha1/namespaces/default/tenantbots/a/requests';
    const response = await fetch(`${api.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ explode: 'now' }),
    });
    expect(await response.json()).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
  });

  test('shows retries, and counts anew when told to', async () => {
    const { client, retryStatistics } = await open();
    const lines: string[] = [];
    const add = (line: string): void => void lines.push(line);
    const io = { out: add, err: add };
    retryStatistics.count('sendMessage', 'network', 'retried');
    await runRetries(client, { reset: false }, io);
    await runRetries(client, { reset: true }, io);
    await runRetries(client, { reset: false }, io);
    const table = [
      'METHOD        CATEGORY   OUTCOME   COUNT\nsendMessage   network    retried   1',
      'Since 1970-01-01T00:00:00Z',
    ];
    const none = 'No call was tried again since 1970-01-01T00:00:00Z';
    expect(lines).toEqual([...table, ...table, 'Counting begins anew.', none]);
  });

  test('answers with problems as RFC 9457 has them', async () => {
    const { api } = await open();
    const response = await fetch(`${api.url}/nothing`, {
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(await response.json()).toMatchObject({ status: 404, code: 'NO_SUCH_PATH' });
  });
});
