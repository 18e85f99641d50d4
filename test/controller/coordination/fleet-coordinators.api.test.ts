import { pino } from 'pino';
import { expect, it } from 'vitest';
import { ShardHub } from '../../../src/control/hub.ts';
import { FleetCoordinators } from '../../../src/controller/coordination/fleet-coordinators.ts';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { systemRandom } from '../../../src/lib/random.ts';
import { describeWithApiServer } from '../../cluster/with-api-server.ts';
import { apiWorld } from '../../kube/api-world.ts';

describeWithApiServer('the coordinators of fleets', ({ kubeconfig }) => {
  const world = apiWorld(kubeconfig);

  it('tell of rates when there are others, and not again', async () => {
    const clock = new AdjustableClock({ base: systemClock });
    const hub = new ShardHub({ clock, instance: 'leader' });
    const told: string[] = [];
    const coordinators = new FleetCoordinators({
      client: world.client,
      hub,
      pods: { get: () => undefined, list: () => [] },
      isLeader: () => true,
      loadOf: () => 0,
      onWrite: () => undefined,
      onRates: (fleet) => told.push(fleet),
      clock,
      random: systemRandom,
      log: pino({ level: 'silent' }),
    });
    const identity = { name: 'limited', namespace: world.namespace, uid: 'uid-of-limited' };
    coordinators.set(identity, { rateLimits: { perSecond: 30, methods: { sendMessage: 9 } } });
    coordinators.set({ ...identity, name: 'free' }, { rateLimits: {} });
    const stop = new AbortController();
    const ended = coordinators.start(stop.signal);
    expect(coordinators.rates('limited')).toBeUndefined();
    const tenSeconds = () => clock.advanceAsync(10_000);
    for (let look = 0; look < 3; look++) await tenSeconds();
    const sendMessage = { perSecond: 9, granted: 0, used: 0 };
    const rates = { perSecond: 30, granted: 0, used: 0, methods: { sendMessage } };
    expect(coordinators.rates('limited')).toEqual(rates);
    expect(told).toEqual(['limited']);
    coordinators.set(identity, { rateLimits: {} });
    await tenSeconds();
    expect(coordinators.rates('limited')).toBeUndefined();
    expect(told).toEqual(['limited', 'limited']);
    stop.abort();
    await ended;
  });
});
