import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SYNC_PATH } from '../../src/control/messages.ts';
import { Controller } from '../../src/kube/controller.ts';
import { RetryLimiter } from '../../src/kube/rate-limiter.ts';
import { WorkQueue } from '../../src/kube/work-queue.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { environmentError } from '../../src/lib/errors.ts';
import { systemRandom } from '../../src/lib/random.ts';
import { NO_HISTORY } from '../../src/runtime/records/bot-history.ts';
import { TrafficMetrics } from '../../src/runtime/records/traffic-metrics.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { createRegistry } from '../../src/telemetry/registry.ts';
import { type OpenTracing, openTracing } from '../../src/telemetry/tracing.ts';
import { Leaders } from '../control/leaders.ts';
import { caller } from '../control/support.ts';
import { Hosting } from '../runtime/hosting.ts';
import { OtlpReceiver } from '../support/otlp-receiver.ts';
import { waitFor } from '../support/wait.ts';

const SERVER = 2;
const CLIENT = 3;
const CONSUMER = 5;

function open(endpoint: string, ratio = 1, service = 'tenantbot-test') {
  const lines: string[] = [];
  const log = createLog({
    level: 'debug',
    format: 'json',
    destination: { write: (line) => lines.push(line) },
  });
  const tracing = openTracing({ endpoint, ratio, service, log });
  onTestFinished(() => tracing.close());
  return { tracing, lines, log };
}

/** A tenant's service that answers nothing and tells which headers came. */
async function startService(): Promise<{ url: string; headers: IncomingHttpHeaders[] }> {
  const headers: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    headers.push(request.headers);
    request.resume().on('end', () => response.writeHead(204).end());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, headers };
}

async function hosting(tracing: OpenTracing): Promise<Hosting> {
  const hosting = await Hosting.start({ tracing });
  onTestFinished(() => hosting[Symbol.asyncDispose]());
  return hosting;
}

describe('an update that is traced', () => {
  it('has its handler as a part, and that the call to Telegram', async () => {
    await using receiver = await OtlpReceiver.start();
    const { tracing } = open(receiver.endpoint);
    const world = await hosting(tracing);
    const { token } = await world.host('greeter');
    await world.say('greeter', '/start');
    await world.answered('greeter', 'I am greeter');
    await world.confirmed('greeter');
    await tracing.close();

    const update = receiver.span('update message');
    const handle = receiver.span('handle');
    const call = receiver.span('telegram sendMessage');
    expect(update).toMatchObject({ kind: CONSUMER, parentSpanId: undefined, isFailed: false });
    expect(update.service).toBe('tenantbot-test');
    expect(update.attributes).toMatchObject({
      'tenantbot.bot': 'default/greeter',
      'tenantbot.outcome': 'handled',
    });
    expect(handle).toMatchObject({ traceId: update.traceId, parentSpanId: update.spanId });
    expect(call).toMatchObject({ traceId: update.traceId, parentSpanId: handle.spanId });
    expect(call.kind).toBe(CLIENT);
    expect(receiver.bodies.join('')).not.toContain(token.reveal());
    expect(receiver.bodies.join('')).not.toContain(token.reveal().split(':')[1]);
    expect(receiver.bodies.join('')).not.toContain('I am greeter');
  });

  it("goes on in the tenant's service", async () => {
    await using receiver = await OtlpReceiver.start();
    const { tracing } = open(receiver.endpoint);
    const world = await hosting(tracing);
    const service = await startService();
    const signingSecretRef = { name: 'key' };
    await world.host('hand', { handlers: [{ forward: { url: service.url, signingSecretRef } }] });
    await world.say('hand', 'hello');
    await world.confirmed('hand');
    await tracing.close();

    const forward = receiver.span('forward');
    expect(forward.parentSpanId).toBe(receiver.span('handle').spanId);
    const [{ traceparent } = {}] = service.headers;
    expect(traceparent).toBe(`00-${forward.traceId}-${forward.spanId}-01`);
    expect(receiver.bodies.join('')).not.toContain('/hook');
  });

  it('that is given up says so', async () => {
    await using receiver = await OtlpReceiver.start();
    const { tracing } = open(receiver.endpoint);
    const world = await hosting(tracing);
    const handlers = [
      { forward: { url: 'http://127.0.0.1:1/', signingSecretRef: { name: 'key' } } },
    ];
    await world.host('hand', { handlers });
    await world.say('hand', 'hello');
    await waitFor('the end', async () => {
      await world.advance(5_000);
      return (world.port.facts.get('hand')?.counters.skipped ?? 0) > 0;
    });
    await tracing.close();
    expect(receiver.span('update message')).toMatchObject({
      isFailed: true,
      attributes: { 'tenantbot.outcome': 'failed' },
    });
    const tries = receiver.spans.filter(({ name }) => name === 'handle');
    expect(tries.map(({ isFailed }) => isFailed)).toEqual([true, true, true]);
  });
});

describe('the control channel', () => {
  it("is traced from the runtime's request into the leader's answer", async () => {
    await using receiver = await OtlpReceiver.start();
    const leader = open(receiver.endpoint, 0, 'tenantbot-operator');
    const runtime = open(receiver.endpoint, 1, 'tenantbot-runtime');
    await using leaders = await Leaders.start();
    const { url } = await leaders.addReplica({ tracing: leader.tracing });
    const { tracing } = runtime;
    const port = await leaders.runtimePort(url, caller(), { tracing });
    await waitFor('an answer', () => port.results.includes('ok'));
    await port.stop();
    await Promise.all([runtime.tracing.close(), leader.tracing.close()]);

    const asked = receiver.spans.filter(({ kind }) => kind === CLIENT);
    const answered = receiver.spans.filter(({ kind }) => kind === SERVER);
    expect(asked.length).toBeGreaterThan(0);
    // The runtime alone decides what is traced.
    const ids = new Set(asked.map(({ spanId }) => spanId));
    expect(answered.length).toBeGreaterThan(0);
    expect(answered.filter(({ parentSpanId = '' }) => !ids.has(parentSpanId))).toEqual([]);
    expect(answered[0]).toMatchObject({
      name: `control ${SYNC_PATH}`,
      service: 'tenantbot-operator',
    });
    expect(receiver.bodies.join('')).not.toContain(`token-${caller().podUid}`);
  });
});

it('a reconcile is traced, with its object and the code of what went wrong', async () => {
  await using receiver = await OtlpReceiver.start();
  const { tracing, log } = open(receiver.endpoint);
  const clock = systemClock;
  const limiter = new RetryLimiter({ clock, random: systemRandom });
  const queue = new WorkQueue({ clock, limiter });
  const reconcile = () => Promise.reject(environmentError('OUT_OF_ORDER', 'secret words'));
  const controller = new Controller({ name: 'bots', reconcile, queue, clock, log, tracing });
  queue.add('shop/greeter');
  const stop = new AbortController();
  const working = controller.start(stop.signal);
  await waitFor('the failure', () => queue.retries('shop/greeter') > 0);
  stop.abort();
  await working;
  await tracing.close();
  expect(receiver.spans[0]).toMatchObject({
    name: 'reconcile bots',
    isFailed: true,
    attributes: { 'tenantbot.object': 'shop/greeter', 'error.type': 'OUT_OF_ORDER' },
  });
  expect(receiver.bodies.join('')).not.toContain('secret words');
});

describe('which traces are made', () => {
  it('is a part of them, but all of what others have begun to trace', async () => {
    await using receiver = await OtlpReceiver.start();
    const { tracing } = open(receiver.endpoint, 0);
    expect(tracing.begin('a', 'server', { attributes: {} })).toBeUndefined();
    const trace = '0af7651916cd43dd8448eb211c80319c';
    const of = (flags: string) => `00-${trace}-b7ad6b7169203331-${flags}`;
    const begin = (traceparent: string) =>
      tracing.begin('a', 'server', { attributes: {}, traceparent });
    expect(begin(of('00'))).toBeUndefined();
    expect(begin('rubbish')).toBeUndefined();
    const span = begin(of('01'));
    expect(span?.traceparent).toMatch(new RegExp(`^00-${trace}-[0-9a-f]{16}-01$`));
    span?.end();
    await tracing.close();
    expect(receiver.span('a')).toMatchObject({ traceId: trace, parentSpanId: 'b7ad6b7169203331' });
  });

  it('does not matter where nobody takes them: that is said once, and without harm', async () => {
    await using receiver = await OtlpReceiver.start();
    receiver.status = 400;
    const { tracing, lines } = open(receiver.endpoint);
    tracing.begin('a', 'internal', { attributes: {} })?.end();
    await tracing.close();
    expect(lines.filter((line) => line.includes('--otlp-endpoint'))).toHaveLength(1);
  });
});

it('a histogram names the trace of an update', async () => {
  const registry = createRegistry({ exemplars: true });
  const metrics = new TrafficMetrics(registry, NO_HISTORY);
  const ended = { update: { update_id: 1 }, command: '', outcome: 'handled', tookMs: 20 } as const;
  const ids = { trace_id: '0af7651916cd43dd8448eb211c80319c', span_id: 'b7ad6b7169203331' };
  metrics.updated({ uid: 'u', epoch: 1 }, ended);
  metrics.updated({ uid: 'u', epoch: 1 }, { ...ended, tookMs: 300, span: { ids } });
  const text = await registry.metrics();
  expect(registry.contentType).toContain('openmetrics');
  expect(text).toMatch(
    /tenantbot_update_duration_seconds_bucket\{le="0.5"\} 2 # \{trace_id="0af7651916cd43dd8448eb211c80319c",span_id="b7ad6b7169203331"\} 0.3/,
  );
  expect(text).toMatch(/^tenantbot_updates_total\{outcome="handled"\} 2$/m);
  expect(text.match(/# \{/g)).toHaveLength(1);
});
