import { lookup } from 'node:dns';
import { systemClock } from '../../../src/lib/clock.ts';
import { type Connect, createConnect } from '../../../src/runtime/transport/connect.ts';

/** Opens connections to a server of a test. */
export function connectTo(origin: string): Connect {
  return createConnect({
    origin: new URL(origin),
    clock: systemClock,
    timeoutMs: 5_000,
    lookup,
    protocols: ['http/1.1'],
  });
}
