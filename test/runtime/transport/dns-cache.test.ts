import type { LookupAddress, lookup } from 'node:dns';
import { expect, test } from 'vitest';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { createCachedLookup } from '../../../src/runtime/transport/dns-cache.ts';

/** A resolver that answers at once, or fails while `down`. */
function resolver() {
  const state = { asked: 0, down: false, address: '192.0.2.1' };
  const resolve = (
    _name: string,
    _options: object,
    callback: (error: Error | null, addresses: LookupAddress[]) => void,
  ): void => {
    state.asked++;
    if (state.down) callback(new Error('resolver down'), []);
    else callback(null, [{ address: state.address, family: 4 }]);
  };
  return { state, resolve: resolve as unknown as typeof lookup };
}

function ask(cached: ReturnType<typeof createCachedLookup>, all = true): unknown {
  let answered: unknown;
  cached('api.example', { all }, (error, addresses) => {
    answered = error ?? addresses;
  });
  return answered;
}

test('a name is asked for once in 30 s', () => {
  const clock = new AdjustableClock();
  const { state, resolve } = resolver();
  const cached = createCachedLookup(clock, resolve);
  expect(ask(cached)).toEqual([{ address: '192.0.2.1', family: 4 }]);
  clock.advance(29_999);
  expect(ask(cached, false)).toBe('192.0.2.1');
  expect(state.asked).toBe(1);
  state.address = '192.0.2.2';
  clock.advance(1);
  expect(ask(cached, false)).toBe('192.0.2.2');
});

test('while the resolver fails the last answer stays in use', () => {
  const clock = new AdjustableClock();
  const { state, resolve } = resolver();
  const cached = createCachedLookup(clock, resolve);
  state.down = true;
  expect(ask(cached)).toBeInstanceOf(Error);
  state.down = false;
  ask(cached);
  state.down = true;
  clock.advance(60_000);
  expect(ask(cached, false)).toBe('192.0.2.1');
});
