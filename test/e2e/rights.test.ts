import { expect, inject, it } from 'vitest';
import { fromSecretData, toSecretData } from '../../src/control/tls/material.ts';
import { TENANT_BOTS } from '../../src/controller/bot/stored-bot.ts';
import { AUTHORITY_SECRET, RIGHTS, type Right } from '../../src/controller/rights.ts';
import { SECRETS } from '../../src/kube/well-known.ts';
import { issueCertificate } from '../../src/lib/certificates.ts';
import { ask } from '../controller/admin-api/ask.ts';
import { connect } from '../kube/api-world.ts';
import { waitFor } from '../support/wait.ts';
import { type AuditedCall, AuditLog } from './support/audit-log.ts';
import {
  botManifests,
  Installation,
  inSystem,
  OPERATOR_NAMESPACE,
  RELEASE,
} from './support/installation.ts';

const OPERATOR = `system:serviceaccount:${OPERATOR_NAMESPACE}:${RELEASE}`;
const FLEET = 'rights';
const UNBOUND = { perSecond: 1_000, burst: 1_000 };
const STATEFUL_SET = inSystem('statefulset', `tenantbot-${FLEET}`);

it.skipIf(inject('auditLog') === undefined)(
  'the operator asks for all that its role grants, and for nothing else',
  async () => {
    await using installation = await Installation.open();
    const log = new AuditLog(inject('auditLog') ?? '');
    const since = await log.end();
    await using tenant = await installation.tenant();
    await new Life(installation, log, tenant.name).lead();

    // Only in these lives: whoever uninstalls a release takes its rights away under its hands.
    const ours = (await log.calls(OPERATOR, since)).filter(isOurs);
    expect(ours.filter(({ forbidden }) => forbidden)).toEqual([]);

    const calls = (await log.calls(OPERATOR)).filter(isOurs);
    const unexplained = calls.filter((call) => !RIGHTS.some((right) => allows(right, call)));
    // Everybody who is logged in may ask what it may do.
    const beyond = unexplained.filter(({ resource }) => resource !== 'selfsubjectaccessreviews');
    expect(beyond).toEqual([]);

    const unused = RIGHTS.flatMap((right) =>
      right.verbs
        .filter((verb) => !calls.some((call) => proves(right, call) && uses(right, verb, call)))
        .map((verb) => `${right.where} ${right.group}/${right.resource} ${verb}`),
    );
    expect(unused).toEqual([]);
  },
);

/** Runtimes' accounts have names that begin with the operator's. */
function isOurs({ user }: AuditedCall): boolean {
  return user === OPERATOR;
}

/** Whether a call can show that the right is needed: another one, for fleets, may have let it in. */
function proves({ where }: Right, { status, namespace }: AuditedCall): boolean {
  return status < 400 && (where !== 'bots' || namespace !== OPERATOR_NAMESPACE);
}

function allows(right: Right, call: AuditedCall): boolean {
  return right.verbs.some((verb) => verb === call.verb && uses(right, verb, call));
}

/** Whether the call stands on this right to this verb. */
function uses({ where, group, resource, names }: Right, verb: string, call: AuditedCall): boolean {
  if (call.group !== group || call.resource !== resource) return false;
  // Server-side apply of what there is not yet takes both rights.
  const isCreation = call.verb === 'patch' && call.status === 201;
  if (call.verb !== verb && !(verb === 'create' && isCreation)) return false;
  if (names !== undefined && !names.includes(call.name ?? '')) return false;
  return where === 'own'
    ? call.namespace === OPERATOR_NAMESPACE
    : where === 'bots' || call.namespace === undefined;
}

/** The operator in need of every right that it has. */
class Life {
  readonly #installation: Installation;
  readonly #log: AuditLog;
  readonly #tenant: string;

  constructor(installation: Installation, log: AuditLog, tenant: string) {
    this.#installation = installation;
    this.#log = log;
    this.#tenant = tenant;
  }

  async lead(): Promise<void> {
    const { kubectl } = this.#installation;
    await kubectl.apply([fleet(1)]);
    await this.#installation.makeBot(this.#tenant, 'one', { fleet: FLEET });
    await this.#installation.ready(this.#tenant, 'one');
    await this.#happenTwice();
    await this.#meetOtherWriters();
    await this.#comeBackToChanges();
    await this.#takeWebhooksForAWhile();
    await this.#answerSomebody();
    await kubectl.run('-n', this.#tenant, 'delete', 'tenantbots', '--all', '--timeout=60s');
    await kubectl.run(...inSystem('delete', 'botfleet', FLEET));
    await this.#installation.upgrade();
  }

  /** Who asks the admin API, and what they may, is the API server's word. */
  async #answerSomebody(): Promise<void> {
    const { kubectl } = this.#installation;
    const inTenant = ['-n', this.#tenant];
    await kubectl.run(...inTenant, 'create', 'serviceaccount', 'somebody');
    const token = await kubectl.run(...inTenant, 'create', 'token', 'somebody');
    const way = await kubectl.forward(OPERATOR_NAMESPACE, `svc/${RELEASE}-admin`, 443);
    try {
      const url = way.url.replace('http:', 'https:');
      const path = `/v1/bots?namespace=${this.#tenant}`;
      expect(await ask(url, { path, token: token.trim() })).toMatchObject({ status: 403 });
    } finally {
      await way.close();
    }
  }

  /** What happens twice is told as a series: of a bot, and of a fleet. */
  async #happenTwice(): Promise<void> {
    const { kubectl } = this.#installation;
    for (const suspended of [true, false, true, false]) {
      const patch = JSON.stringify({ spec: { suspended } });
      const phase = suspended ? 'Suspended' : 'Running';
      const inTenant = ['-n', this.#tenant];
      await kubectl.run(...inTenant, 'patch', 'tb', 'one', '--type=merge', '-p', patch);
      const until = `--for=jsonpath={.status.phase}=${phase}`;
      await kubectl.run(...inTenant, 'wait', 'tenantbot/one', until, '--timeout=60s');
    }
    for (const shards of [2, 1, 2, 1]) {
      await kubectl.apply([fleet(shards)]);
      const until = `--for=jsonpath={.status.shards}=${shards}`;
      await kubectl.run(...inSystem('wait', `botfleet/${FLEET}`, until, '--timeout=60s'));
    }
    const last = `pod/tenantbot-${FLEET}-1`;
    await kubectl.run(...inSystem('wait', last, '--for=delete', '--timeout=60s'));
  }

  /** A bot is read anew where somebody else has written it just before its finalizer. */
  async #meetOtherWriters(): Promise<void> {
    const client = await connect(this.#installation.kubeconfig, { rate: UNBOUND });
    const since = await this.#log.end();
    const hasMet = async (): Promise<boolean> => {
      const calls = await this.#log.calls(OPERATOR, since);
      return calls.some(({ resource, verb }) => resource === 'tenantbots' && verb === 'get');
    };
    for (let tried = 0; tried < 30 && !(await hasMet()); tried++) {
      const { token } = await this.#installation.emulator.createBot();
      const name = `busy-${tried}`;
      const [secret, bot] = botManifests({ namespace: this.#tenant, name, token });
      await client.create(SECRETS, secret);
      await client.create(TENANT_BOTS, bot);
      for (let write = 0; write < 10; write++) {
        const labels = { write: String(write) };
        const ref = { namespace: this.#tenant, name };
        await client.mergePatch(TENANT_BOTS, ref, { metadata: { labels } });
      }
    }
    await client.close();
  }

  /**
   * While nobody operates, a certificate comes near its end, and a StatefulSet into a state that
   * can't be changed: it is made anew around its pods.
   */
  async #comeBackToChanges(): Promise<void> {
    const { kubectl } = this.#installation;
    await kubectl.run(...inSystem('scale', 'deployment', RELEASE, '--replicas=0'));
    await waitFor('the end of the operator', async () => (await this.#operators()) === 0, {
      timeoutMs: 60_000,
      intervalMs: 200,
    });
    const pods = await this.#pods();
    await this.#ageCertificate();
    await this.#spoilStatefulSet();
    await this.#installation.upgrade('secrets.watch=true');
    await waitFor(
      'the StatefulSet to be made anew',
      async () => (await kubectl.get(...STATEFUL_SET))?.spec.podManagementPolicy === 'Parallel',
      { timeoutMs: 60_000, intervalMs: 200 },
    );
    await this.#installation.ready(this.#tenant, 'one');
    expect(await this.#pods()).toEqual(pods);
  }

  /** The Service for webhooks comes and goes with the fleet's address for them. */
  async #takeWebhooksForAWhile(): Promise<void> {
    const { kubectl } = this.#installation;
    const service = inSystem('service', `tenantbot-${FLEET}-webhook`);
    await kubectl.apply([fleet(1, { publicUrl: 'https://bots.example.com' })]);
    await kubectl.run('wait', ...service, '--for=create', '--timeout=60s');
    await kubectl.apply([fleet(1)]);
    await kubectl.run('wait', ...service, '--for=delete', '--timeout=60s');
  }

  async #operators(): Promise<number> {
    return (await this.#installation.operatorPods()).length;
  }

  async #pods(): Promise<string[]> {
    const selector = ['pods', '-l', `tenantbot.dev/fleet=${FLEET}`];
    const pods = await this.#installation.kubectl.list(...inSystem(...selector));
    return pods.map(({ metadata }) => metadata.uid);
  }

  /** Has the leader show a certificate that ends within the hour, of the same authority. */
  async #ageCertificate(): Promise<void> {
    const { kubectl } = this.#installation;
    const { data } = await kubectl.get(...inSystem('secret', AUTHORITY_SECRET));
    const decoded = Object.entries<string>(data).map(([key, value]) => [key, atob(value)]);
    const material = fromSecretData(Object.fromEntries(decoded));
    if (!material) throw new Error('the control channel has no certificates');
    const nowMs = Date.now();
    const validity = { fromMs: nowMs - 60_000, toMs: nowMs + 3_600_000 };
    const name = `${RELEASE}-control.${OPERATOR_NAMESPACE}.svc`;
    const leaf = await issueCertificate(material.authorities[0], [name], validity);
    const patch = JSON.stringify({ stringData: toSecretData({ ...material, leaf }) });
    await kubectl.run(...inSystem('patch', 'secret', AUTHORITY_SECRET, '-p', patch));
  }

  async #spoilStatefulSet(): Promise<void> {
    const { kubectl } = this.#installation;
    const { metadata, spec, ...rest } = await kubectl.get(...STATEFUL_SET);
    const { name, namespace, labels, annotations, ownerReferences } = metadata;
    await kubectl.run('delete', ...STATEFUL_SET, '--cascade=orphan');
    const kept = { name, namespace, labels, annotations, ownerReferences };
    const spoilt = { ...spec, podManagementPolicy: 'OrderedReady' };
    await kubectl.apply([{ ...rest, status: undefined, metadata: kept, spec: spoilt }]);
  }
}

function fleet(minShards: number, webhook?: object): object {
  return {
    apiVersion: 'tenantbot.dev/v1alpha1',
    kind: 'BotFleet',
    metadata: { name: FLEET, namespace: OPERATOR_NAMESPACE },
    spec: {
      telegram: { apiRoot: `http://emulator.${OPERATOR_NAMESPACE}.svc:8081` },
      sharding: { minShards },
      ...(webhook && { webhook }),
    },
  };
}
