import { expect, it, onTestFinished } from 'vitest';
import { EventRecorder, type EventRecorderOptions } from '../../src/kube/event-recorder.ts';
import { type ObjectEvent, referenceTo } from '../../src/kube/event-series.ts';
import type { KubeObject, Resource } from '../../src/kube/resource.ts';
import { CONFIG_MAPS } from '../../src/kube/well-known.ts';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { describeWithApiServer } from '../cluster/with-api-server.ts';
import { waitFor } from '../support/wait.ts';
import { apiWorld } from './api-world.ts';

/** An event as `kubectl describe` and `kubectl get events` read it. */
interface CoreEvent extends KubeObject {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly involvedObject: { readonly uid: string };
  readonly series?: { readonly count: number };
}

const CORE_EVENTS: Resource<CoreEvent> = {
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
};

describeWithApiServer('EventRecorder on the API server', ({ kubeconfig }) => {
  const world = apiWorld(kubeconfig);

  function start(options: Partial<EventRecorderOptions> = {}) {
    const clock = new AdjustableClock({ base: systemClock });
    const lines: string[] = [];
    const log = createLog({
      level: 'debug',
      format: 'json',
      destination: { write: (line) => lines.push(line) },
    });
    const source = { controller: 'example.dev/it', instance: 'it-0' };
    const recorder = new EventRecorder({ client: world.client, clock, source, log, ...options });
    const stop = new AbortController();
    const stopped = recorder.start(stop.signal);
    const finish = (): Promise<void> => {
      stop.abort(new Error('stopped'));
      return stopped;
    };
    onTestFinished(finish);
    return { clock, recorder, finish, lines };
  }

  async function subject(name: string): Promise<ObjectEvent> {
    const metadata = { name, namespace: world.namespace };
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata };
    const regarding = referenceTo(CONFIG_MAPS, await world.client.create(CONFIG_MAPS, object));
    return { regarding, type: 'Normal', reason: 'Placed', action: 'Place', note: 'on shard 1' };
  }

  async function eventsOf({ regarding }: ObjectEvent): Promise<readonly CoreEvent[]> {
    const fieldSelector = `involvedObject.uid=${regarding.uid}`;
    const options = { namespace: world.namespace, fieldSelector };
    return (await world.client.list(CORE_EVENTS, options)).items;
  }

  it('is seen where kubectl looks, once, with its repeats counted', async () => {
    const { clock, recorder } = start();
    const event = await subject('repeated');
    recorder.record(event);
    await waitFor('the event', async () => (await eventsOf(event)).length === 1);
    recorder.record(event);
    recorder.record(event);
    const repeated = await waitFor('the series', async () => {
      // Also where the recorder has not heard yet that the first one is written.
      clock.advance(60_000);
      const events = await eventsOf(event);
      return events[0]?.series && events;
    });
    expect(repeated).toMatchObject([
      { type: 'Normal', reason: 'Placed', message: 'on shard 1', series: { count: 3 } },
    ]);
  });

  it('writes the rest when it stops, and ends', async () => {
    const { recorder, finish } = start();
    const event = await subject('flushed');
    recorder.record(event);
    await waitFor('the event', async () => (await eventsOf(event)).length === 1);
    recorder.record(event);
    recorder.record({ ...event, reason: 'Moved' });
    await finish();
    const events = await eventsOf(event);
    expect(new Map(events.map(({ reason, series }) => [reason, series?.count]))).toEqual(
      new Map([
        ['Moved', undefined],
        ['Placed', 2],
      ]),
    );
  });

  it('makes an event anew that the server has forgotten', async () => {
    const { clock, recorder } = start();
    const event = await subject('expired');
    recorder.record(event);
    const [first] = await waitFor('the event', async () => {
      const events = await eventsOf(event);
      return events.length === 1 && events;
    });
    await world.client.delete(CORE_EVENTS, first?.metadata ?? expect.unreachable());
    recorder.record(event);
    clock.advance(60_000);
    await waitFor('its series', async () => (await eventsOf(event))[0]?.series?.count === 2);
  });

  it('logs what the server refuses, and goes on', async () => {
    const { recorder, lines } = start();
    const event = await subject('refused');
    recorder.record({ ...event, reason: '' });
    recorder.record(event);
    await waitFor('the other event', async () => (await eventsOf(event)).length === 1);
    expect(lines.join('')).toContain('an event could not be written');
    expect(lines.join('')).toContain('reason: Required value');
  });
});
