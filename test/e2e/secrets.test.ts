import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { NOTHING_DONE } from '../../src/api/runtime-facts.ts';
import type { TestNamespace } from '../cluster/namespace.ts';
import { itsAnswer } from '../support/conversation.ts';
import { waitFor } from '../support/wait.ts';
import { openControlChannel } from './support/control-channel.ts';
import { Etcd, type EtcdEntry } from './support/etcd.ts';
import {
  botManifests,
  Installation,
  inSystem,
  OPERATOR_NAMESPACE,
  RELEASE,
} from './support/installation.ts';
import type { AnyObject } from './support/kubectl.ts';
import { describeOnNode } from './support/with-node.ts';

const TOKEN_FILE = '/var/run/tenantbot/token';
const CONTROL = `svc/${RELEASE}-control`;

/** A fleet with one bot a shard. */
function fleet(name: string): object {
  return {
    apiVersion: 'tenantbot.dev/v1alpha1',
    kind: 'BotFleet',
    metadata: { name, namespace: OPERATOR_NAMESPACE },
    spec: {
      telegram: { apiRoot: `http://emulator.${OPERATOR_NAMESPACE}.svc:8081` },
      sharding: { botsPerShard: 1, maxShards: 2 },
    },
  };
}

describeOnNode('secrets', ({ attach }) => {
  let installation: Installation;
  let tenant: TestNamespace;
  let firstRevision: number;
  /** All tokens and keys of this file, none of which anybody may see. */
  const canaries = new Map<string, string>();
  /** Ids of the bots by name. */
  const ids = new Map<string, number>();

  beforeAll(async () => {
    installation = await Installation.open();
    await using node = await attach();
    firstRevision = await (await Etcd.of(node)).revision();
    tenant = await installation.tenant();
    await installation.kubectl.apply([fleet('vault-a'), fleet('vault-b')]);
    // One after the other, so that their shards are known.
    for (const [name, of] of [
      ['a0', 'vault-a'],
      ['a1', 'vault-a'],
      ['b0', 'vault-b'],
    ] as const) {
      const { token, id } = await installation.makeBot(tenant.name, name, {
        fleet: of,
        // Whoever says more gives more away.
        logLevel: 'debug',
      });
      canaries.set(name, token);
      ids.set(name, id);
      await installation.ready(tenant.name, name);
    }
  });
  afterAll(async () => {
    await tenant[Symbol.asyncDispose]();
    await installation.kubectl.run(...inSystem('delete', 'botfleet', 'vault-a', 'vault-b'));
    await installation[Symbol.asyncDispose]();
  });

  /** Runs something in a runtime pod. */
  function inPod(pod: string, ...command: readonly string[]): Promise<string> {
    return installation.kubectl.run(...inSystem('exec', pod, '--', ...command));
  }

  async function tokenOf(pod: string): Promise<string> {
    const script = `process.stdout.write(fs.readFileSync('${TOKEN_FILE}', 'utf8'))`;
    return (await inPod(pod, 'node', '-e', script)).trim();
  }

  it('a pod has no way to the API server, and its account no right there', async () => {
    const { kubectl } = installation;
    await expect(inPod('tenantbot-vault-a-0', 'ls', '/var/run/secrets')).rejects.toThrow(
      'No such file',
    );

    const account = `system:serviceaccount:${OPERATOR_NAMESPACE}:tenantbot-vault-a`;
    for (const namespace of [OPERATOR_NAMESPACE, tenant.name]) {
      const table = await kubectl.run(
        'auth',
        'can-i',
        '--list',
        '-n',
        namespace,
        `--as=${account}`,
      );
      const [, ...rows] = table.trimEnd().split('\n');
      // What everybody who is logged in may: ask about itself, and what the API is.
      for (const row of rows) expect(row).toMatch(/^(selfsubject\S+ | +\[\/)/);
    }

    // The one token that it has is for the control channel alone.
    const token = await tokenOf('tenantbot-vault-a-0');
    const secret = ['-n', tenant.name, 'get', 'secret', 'a0', `--token=${token}`];
    await expect(kubectl.run(...secret)).rejects.toThrow(/Unauthorized|must be logged in/);
  });

  it('a token opens one shard, whatever is asked for', async () => {
    const { kubectl } = installation;
    await using channel = await openControlChannel(kubectl, CONTROL);
    const bot = await installation.bot(tenant.name, 'a1');
    expect(bot.status.placement).toMatchObject({ fleet: 'vault-a', shard: 1 });
    const token = await tokenOf('tenantbot-vault-a-0');
    const wanted = { fleet: 'vault-a', ordinal: 1 };
    const { uid } = bot.metadata;
    const facts = {
      lifecycle: 'Suspended',
      generation: 1,
      token: { state: 'Revoked' },
      ...NOTHING_DONE,
    };
    const epoch = bot.status.placement.epoch;
    const lies = [
      { path: '/v1/sync?fleet=vault-a&ordinal=1' },
      { path: '/v1/sync/vault-a/1' },
      { headers: { 'x-forwarded-for': '10.0.0.1', 'x-shard': 'vault-a/1', host: 'vault-a-1' } },
      { body: { shard: wanted, fleet: 'vault-b', ordinal: 1, pod: 'tenantbot-vault-a-1' } },
      { body: { hosting: [{ uid, epoch }], reports: [{ uid, epoch, facts }] } },
    ];
    let opened = 0;
    for (const [index, lie] of lies.entries()) {
      const answer = await channel.ask({ ...lie, token, body: { ...lie.body, seq: index + 1 } });
      expectNoCanary(answer.body, 'a0');
      if (answer.status === 200 && answer.body.includes(canaries.get('a0') ?? '')) opened++;
    }
    // The pod's own bot is what it gets: else none of the above would prove anything.
    expect(opened).toBeGreaterThan(0);
    // What it said of the bot of another shard counts for nothing.
    const after = await installation.bot(tenant.name, 'a1');
    expect(after.status).toMatchObject({ phase: 'Running', token: { state: 'Valid' } });
    // Whoever has a pod's token is that pod: the intruder has taken its place. A new pod takes it back.
    await kubectl.run(...inSystem('delete', 'pod', 'tenantbot-vault-a-0'));
    const bot0 = ids.get('a0') ?? 0;
    const said = { bot: bot0, from: 'carol', text: '/start', timeoutMs: 60_000 };
    expect(await itsAnswer(installation.emulator, said)).toBe('I am a0');
  });

  it('no other token opens anything', async () => {
    const { kubectl } = installation;
    await using channel = await openControlChannel(kubectl, CONTROL);
    const create = (...args: readonly string[]): Promise<string> =>
      kubectl.run('create', 'token', ...args).then((token) => token.trim());
    const forChannel = '--audience=tenantbot-control';
    const bound = '--bound-object-kind=Pod';

    const former = await tokenOf('tenantbot-vault-a-1');
    await kubectl.run(...inSystem('delete', 'pod', 'tenantbot-vault-a-1'));
    // A tenant can name accounts and pods in its own namespace as it likes.
    const lookalike = podThatNeverRuns('tenantbot-vault-a-1', 'tenantbot-vault-a');
    await kubectl.run('-n', tenant.name, 'create', 'serviceaccount', 'tenantbot-vault-a');
    await kubectl.apply([lookalike], '-n', tenant.name);
    // Nor is every pod of the operator's namespace a runtime, whatever its labels say.
    const inside = podThatNeverRuns('intruder', 'tenantbot-vault-a');
    await kubectl.apply([inside], '-n', OPERATOR_NAMESPACE);

    const attempts = {
      'no token': undefined,
      'a word': 'token',
      'of a pod that is gone': former,
      'of the same account, without audience': await create(...inSystem('tenantbot-vault-a')),
      'of the same account, of no pod': await create(...inSystem('tenantbot-vault-a', forChannel)),
      'of a default account': await create('default', '-n', tenant.name, forChannel),
      'of a lookalike in a tenant’s namespace': await create(
        '-n',
        tenant.name,
        'tenantbot-vault-a',
        forChannel,
        bound,
        '--bound-object-name=tenantbot-vault-a-1',
      ),
      'of a lookalike beside the runtimes': await create(
        ...inSystem('tenantbot-vault-a', forChannel, bound, '--bound-object-name=intruder'),
      ),
      'of the operator itself': await create(...inSystem(RELEASE, forChannel)),
      'of an administrator': await kubectl.run(
        'config',
        'view',
        '--raw',
        '-o',
        'jsonpath={.users[0].user.token}',
      ),
    };
    for (const [whose, token] of Object.entries(attempts)) {
      const answer = await channel.ask(token === undefined ? {} : { token });
      expect(answer.status, `${whose}: ${answer.body}`).toBe(401);
      expectNoCanary(answer.body);
    }
    await kubectl.run(...inSystem('delete', 'pod', 'intruder', '--now'));
  });

  it('a replica that does not lead hands out nothing', async () => {
    const { kubectl } = installation;
    const pods = await installation.operatorPods();
    const standby = pods.find(({ metadata }) => metadata.labels['tenantbot.dev/role'] !== 'leader');
    await using channel = await openControlChannel(kubectl, `pod/${standby.metadata.name}`);
    const answer = await channel.ask({ token: await tokenOf('tenantbot-vault-b-0') });
    expect(answer).toMatchObject({ status: 503, body: expect.stringContaining('NOT_LEADER') });
    expectNoCanary(answer.body);
  });

  it('no token is anywhere but in Secrets: not in etcd, past or present, in no log, no metric', async () => {
    const { kubectl } = installation;
    await liveDangerously();

    await using node = await attach();
    const etcd = await Etcd.of(node);
    let scanned = 0;
    const inSecrets = new Set<string>();
    const scan = ({ key, value }: EtcdEntry): void => {
      scanned++;
      const text = value.toString('latin1');
      if (!key.startsWith('/registry/secrets/')) expectNoCanary(text, undefined, key);
      else for (const name of canariesIn(text)) inSecrets.add(name);
    };
    for (const entry of await etcd.entries()) scan(entry);
    for await (const entry of etcd.history(firstRevision)) scan(entry);
    console.log(`${scanned} values of etcd looked through for ${canaries.size} secrets`);
    // Where they are allowed to be they are found: the scan can see them.
    expect([...inSecrets].toSorted()).toEqual([...canaries.keys()].toSorted());

    for (const { metadata, spec } of await kubectl.list(...inSystem('pods'))) {
      const { name } = metadata;
      // The emulator is Telegram: it knows them.
      if (metadata.labels['app.kubernetes.io/name'] === 'tenantbot-emulator') continue;
      const logs = await kubectl.run(...inSystem('logs', name));
      expect(logs).not.toBe('');
      expectNoCanary(logs, undefined, name);
      const port = spec.containers[0].ports.find((each: AnyObject) => each.name === 'http');
      const metrics = `/api/v1/namespaces/${OPERATOR_NAMESPACE}/pods/${name}:${port.containerPort}/proxy/metrics`;
      expectNoCanary(await kubectl.run('get', '--raw', metrics), undefined, name);
    }
    expectNoCanary(await readFile(node.auditLog, 'latin1'), undefined, 'the audit log');
  });

  /** Whatever can go wrong with tokens and keys does so. */
  async function liveDangerously(): Promise<void> {
    const { kubectl, emulator } = installation;
    const apply = (name: string, token: string, spec: object = {}): Promise<string> => {
      canaries.set(name, token);
      return kubectl.apply(
        botManifests({ namespace: tenant.name, name, token, spec: { logLevel: 'debug', ...spec } }),
      );
    };
    // Not a token's form, a second bot with a first one's token, one that Telegram refuses.
    await apply('unreadable', 'canary:this-is-no-token-of-anybody');
    await apply('double', canaries.get('b0') ?? '');
    const refused = await emulator.createBot();
    await apply('refused', refused.token);
    await installation.ready(tenant.name, 'refused');
    await emulator.revokeToken(refused.id);
    // A server that repeats the token in what it says, and one that says nothing.
    const b0 = ids.get('b0') ?? 0;
    const description = `Bad Request: bot${canaries.get('b0')} may not`;
    const effect = { kind: 'status', status: 400, description } as const;
    await emulator.addFault({ bot: b0, method: 'sendMessage', count: 1, effect });
    for (const kind of ['reset', 'html', 'truncate'] as const) {
      await emulator.addFault({ bot: b0, method: 'sendMessage', count: 1, effect: { kind } });
    }
    const dave = await emulator.createUser({ firstName: 'dave', username: 'dave' });
    await emulator.sendText({ bot: b0, from: dave.id, text: '/start' });
    // A service that is not there, and the key to sign with.
    canaries.set('key', 'canary-of-a-signing-key-0123456789abcdef');
    const metadata = { name: 'signing', namespace: tenant.name };
    const stringData = { key: canaries.get('key') };
    await kubectl.apply([{ apiVersion: 'v1', kind: 'Secret', metadata, stringData }]);
    const forward = {
      url: 'http://nobody.invalid/',
      signingSecretRef: { name: 'signing', key: 'key' },
    };
    const forwarder = await emulator.createBot();
    await apply('forwarder', forwarder.token, { handlers: [{ forward }] });
    await installation.ready(tenant.name, 'forwarder');
    await emulator.sendText({ bot: forwarder.id, from: dave.id, text: 'hello' });

    for (const [name, state] of [
      ['unreadable', 'InvalidFormat'],
      ['refused', 'Unauthorized'],
    ]) {
      await waitFor(
        `${name} to be ${state}`,
        async () => {
          const { status } = await installation.bot(tenant.name, name ?? '');
          return status?.token?.state === state;
        },
        { timeoutMs: 60_000, intervalMs: 200 },
      );
    }
    for (const name of ['b0', 'forwarder']) {
      await waitFor(
        `an error of ${name}`,
        async () => (await installation.bot(tenant.name, name)).status.lastError !== undefined,
        { timeoutMs: 90_000, intervalMs: 200 },
      );
    }
  }

  /** Names of the secrets that are in `text`, plain or in base64. */
  function canariesIn(text: string): string[] {
    return [...canaries]
      .filter(([, secret]) => text.includes(secret) || text.includes(btoa(secret)))
      .map(([name]) => name);
  }

  /** Fails where any secret but that of `allowed` is in `text`. */
  function expectNoCanary(text: string, allowed?: string, where = text.slice(0, 200)): void {
    const found = canariesIn(text).filter((name) => name !== allowed);
    expect(found, `secrets in ${where}`).toEqual([]);
  }
});

/** A pod that no node takes: tokens can be bound to it all the same. */
function podThatNeverRuns(name: string, serviceAccountName: string): object {
  const image = 'nothing.invalid/nothing';
  const securityContext = {
    runAsNonRoot: true,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      labels: {
        'app.kubernetes.io/name': 'tenantbot',
        'app.kubernetes.io/component': 'runtime',
        'app.kubernetes.io/part-of': 'tenantbot',
        'tenantbot.dev/fleet': 'vault-a',
      },
    },
    spec: {
      serviceAccountName,
      nodeSelector: { nowhere: 'at-all' },
      containers: [{ name: 'runtime', image, securityContext }],
    },
  };
}
