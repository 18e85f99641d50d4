import { NOTHING_DONE, type RuntimeFacts } from '../../src/api/runtime-facts.ts';
import type { BotAssignment, BotReport } from '../../src/control/port.ts';
import type { ShardId } from '../../src/control/shard-id.ts';
import type { Caller } from '../../src/control/shard-session.ts';
import { Secret } from '../../src/lib/secret.ts';
import { botAssignment } from '../support/assignments.ts';

export const SHARD: ShardId = { fleet: 'default', ordinal: 0 };

/** A pod of a shard, by its token `token-of-<pod uid>`. */
export function caller(podUid = 'pod-a', shard: ShardId = SHARD): Caller {
  return { shard, pod: `tenantbot-${shard.fleet}-${shard.ordinal}`, podUid };
}

/** A bot with a token of its own that answers /start. */
export function bot(name: string, change: Partial<BotAssignment> = {}): BotAssignment {
  const handlers = [{ command: { name: 'start', reply: { text: `I am ${name}` } } }];
  const assignment = botAssignment({ name, token: tokenOf(name), handlers });
  return { ...assignment, ...change };
}

/** Looks like a token, and can be found by its name. */
export function tokenOf(name: string): string {
  return `123456:CaNaRy-${name}-${'x'.repeat(30)}`;
}

/** A bot with handlers of about `bytes` bytes. */
export function largeBot(name: string, bytes: number): BotAssignment {
  const text = 'x'.repeat(4_000);
  const handlers = Array.from({ length: Math.ceil(bytes / 4_000) }, (_, index) => ({
    command: { name: `c${index}`, reply: { text, parseMode: 'None' as const } },
  }));
  const plain = bot(name);
  return { ...plain, spec: { ...plain.spec, handlers } };
}

export function facts(change: Partial<RuntimeFacts> = {}): RuntimeFacts {
  return {
    lifecycle: 'Running',
    generation: 1,
    token: { state: 'Valid', message: '' },
    ...NOTHING_DONE,
    ...change,
  };
}

export function report(
  uid: string,
  change: Partial<RuntimeFacts> & { readonly epoch?: number } = {},
): BotReport {
  const { epoch = 1, ...rest } = change;
  return { uid, epoch, facts: facts(rest) };
}

/** `value` in as many characters as it takes, secrets in the clear. */
export function revealed({ uid, epoch, generation, token }: BotAssignment): string {
  return `${uid}@${epoch}/${generation} ${(token instanceof Secret ? token : new Secret('')).reveal()}`;
}
