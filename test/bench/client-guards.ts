/** What the breaker, the health and the limits of idle bots weigh by themselves. */
import { nextMacrotask, systemClock } from '../../src/lib/clock.ts';
import { BotGuards } from '../../src/runtime/pipeline/guards.ts';
import { answerParent } from '../support/answering.ts';
import { botAssignment } from '../support/assignments.ts';

/** What so many of them take. */
export interface GuardsWeight {
  readonly bytesABot: number;
  /** How many timers they hold together. */
  readonly timers: number;
}

const handlers = [{ command: { name: 'start', reply: { text: 'Hello' } } }];
// What a spec weighs is no matter of the guards.
const assignment = botAssignment({ name: 'bot', token: `1:${'A'.repeat(35)}`, handlers });
const made: BotGuards[] = [];

answerParent(async ({ bots }: { readonly bots: number }): Promise<GuardsWeight> => {
  made.push(new BotGuards(assignment, systemClock));
  const before = await heapUsed();
  const timersBefore = timers();
  for (let index = 0; index < bots; index++) made.push(new BotGuards(assignment, systemClock));
  const bytes = (await heapUsed()) - before;
  return { bytesABot: Math.round(bytes / bots), timers: timers() - timersBefore };
});

async function heapUsed(): Promise<number> {
  for (let pass = 0; pass < 5; pass++) {
    globalThis.gc?.();
    await nextMacrotask();
  }
  return process.memoryUsage().heapUsed;
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}
