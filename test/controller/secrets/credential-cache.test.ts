import { describe, expect, it } from 'vitest';
import { ACCEPT_OTHER_BOT } from '../../../src/api/own-token.ts';
import { tenantBotSpecSchema } from '../../../src/api/tenant-bot.ts';
import {
  CredentialCache,
  type CredentialRequest,
} from '../../../src/controller/secrets/credential-cache.ts';
import { SecretReader } from '../../../src/controller/secrets/secret-reader.ts';
import { KubeApiError } from '../../../src/kube/api-error.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';

const SPEC = tenantBotSpecSchema.parse({
  tokenSecretRef: { name: 'one' },
  handlers: [{ command: { name: 'start', reply: { text: 'Hello.' } } }],
});
const SIGNAL = new AbortController().signal;

/** One Secret, and how often it was read. */
class OneSecret {
  token: string | number | undefined;
  reads = 0;
  readonly clock = new AdjustableClock();
  readonly cache = new CredentialCache(
    new SecretReader({ client: { get: () => this.#get() } as unknown as KubeClient }),
    { clock: this.clock, random: () => 0.5 },
  );

  async read(change: Partial<CredentialRequest> = {}) {
    const request: CredentialRequest = {
      uid: 'u',
      generation: 1,
      namespace: 'shop',
      spec: SPEC,
      owner: { bot: undefined, annotations: undefined },
      tokenRefused: false,
    };
    return this.cache.get({ ...request, ...change }, SIGNAL);
  }

  async #get(): Promise<object> {
    this.reads++;
    if (typeof this.token === 'string') {
      return { metadata: {}, data: { token: Buffer.from(this.token).toString('base64') } };
    }
    const status = this.token ?? 404;
    throw new KubeApiError(`status ${status}`, {
      status,
      reason: status === 404 ? 'NotFound' : '',
    });
  }
}

const TOKEN = `7:${'x'.repeat(35)}`;

describe("a bot's Secrets", () => {
  it('are read once a day while all is well, and when the spec changes', async () => {
    const secret = new OneSecret();
    secret.token = TOKEN;
    const { credentials, readAgainMs } = await secret.read();
    expect(credentials).toMatchObject({ kind: 'read', token: { kind: 'ok', botId: 7 } });
    expect(readAgainMs).toBe(24 * 3_600_000);
    await secret.read();
    expect(secret.reads).toBe(1);
    await secret.read({ generation: 2 });
    expect(secret.reads).toBe(2);
    secret.clock.advance(24 * 3_600_000);
    await secret.read({ generation: 2 });
    expect(secret.reads).toBe(3);
  });

  it('are read at once when the token begins to be refused, then ever more slowly', async () => {
    const secret = new OneSecret();
    secret.token = TOKEN;
    await secret.read();
    const waits: number[] = [];
    for (let round = 0; round < 10; round++) {
      const { readAgainMs } = await secret.read({ tokenRefused: true });
      expect(secret.reads).toBe(round + 2);
      await secret.read({ tokenRefused: true });
      const waitMs = readAgainMs - secret.clock.monotonicMs();
      waits.push(waitMs / 1_000);
      secret.clock.advance(waitMs);
    }
    expect(waits).toEqual([0.25, 0.5, 1, 2, 4, 8, 16, 32, 60, 60]);
  });

  it('of another bot are read again soon, and good as soon as that is meant', async () => {
    const secret = new OneSecret();
    secret.token = TOKEN;
    const bot = { id: 1, username: 'shop_bot', name: 'Shop' };
    const owner = { bot, annotations: undefined };
    const { credentials, readAgainMs } = await secret.read({ owner });
    expect(credentials).toMatchObject({ token: { kind: 'OtherBot' } });
    expect(readAgainMs).toBe(250);
    const [id = ''] = TOKEN.split(':');
    const meant = await secret.read({ owner: { bot, annotations: { [ACCEPT_OTHER_BOT]: id } } });
    expect(meant.credentials).toMatchObject({ token: { kind: 'ok' } });
    expect(secret.reads).toBe(1);
  });

  it('are missing where there are none, and that is found out soon', async () => {
    const secret = new OneSecret();
    const missing = await secret.read();
    expect(missing.credentials).toMatchObject({ token: { kind: 'Missing' } });
    secret.token = TOKEN;
    secret.clock.advance(missing.readAgainMs);
    expect((await secret.read()).credentials).toMatchObject({ token: { kind: 'ok' } });
  });

  it('are not called missing where the API server fails or forbids', async () => {
    const secret = new OneSecret();
    secret.token = 500;
    await expect(secret.read()).rejects.toThrow('status 500');
    secret.token = 403;
    expect((await secret.read()).credentials).toEqual({
      kind: 'unreadable',
      message: expect.stringContaining('may not read the Secret shop/one') as string,
    });
  });
});
