import { expect, test } from 'vitest';
import { startFleetWorld } from '../support/fleet-world.ts';
import { type Respond, startForwardService } from '../support/forward-service.ts';
import { waitFor } from '../support/wait.ts';

const SLOW = 100;
const STUCK = 100;

const forwardTo = (url: string) => [
  { forward: { url, signingSecretRef: { name: 'key' }, timeoutSeconds: 60 } },
];

test('200 bots with slow updates stop in 30 s, however long they may drain', async () => {
  const waiting: (() => void)[] = [];
  let stopping = false;
  await using slow = await startForwardService((_path, { message }, respond: Respond) => {
    const call = { method: 'sendMessage', chat_id: message?.chat.id, text: message?.text };
    const answer = (): void => void setTimeout(() => respond(200, call), 500);
    if (stopping) answer();
    else waiting.push(answer);
  });
  await using stuck = await startForwardService(() => undefined);
  await using world = await startFleetWorld();
  const bots = [
    ...Array.from({ length: SLOW }, (_, index) => ({ name: `slow${index}`, url: slow.url })),
    ...Array.from({ length: STUCK }, (_, index) => ({ name: `stuck${index}`, url: stuck.url })),
  ];
  for (const { name, url } of bots) await world.addBot(name, forwardTo(url));
  world.drainSeconds = 300;
  await using runtime = await world.startRuntime();
  for (const { name } of bots) await world.say(name, `hello ${name}`);
  await waitFor(
    'all updates to be in hand',
    async () => (await world.inFlight()).size === bots.length,
    { timeoutMs: 60_000, intervalMs: 200 },
  );

  const askedMs = performance.now();
  const stopped = runtime.stop('SIGTERM');
  stopping = true;
  for (const answer of waiting) answer();
  expect(await stopped).toEqual({ code: 0, signal: null });
  const tookMs = performance.now() - askedMs;
  expect(tookMs).toBeGreaterThan(19_000);
  expect(tookMs).toBeLessThan(30_000);

  // What was finished is confirmed and was said once; the rest comes again.
  const answers = await world.answers();
  const isSlow = ({ bot }: { readonly bot: string }): boolean => bot.startsWith('slow');
  expect(answers.map(({ text }) => text).toSorted()).toEqual(
    world.expected
      .filter(isSlow)
      .map(({ text }) => text)
      .toSorted(),
  );
  const left = await world.inFlight();
  expect([...left].map(({ bot }) => bot).toSorted()).toEqual(
    bots
      .map(({ name }) => name)
      .filter((name) => name.startsWith('stuck'))
      .toSorted(),
  );
}, 180_000);
