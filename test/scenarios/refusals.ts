import { expect } from 'vitest';
import { answer, readyBot, type Scenario } from './steps.ts';

const start = { command: { name: 'start', reply: { text: 'Hello' } } };
const TELEGRAM = 'https://api.telegram.org';

/** What is wrong with a spec, and what its refusal says. */
const SPECS: readonly (readonly [wrong: string, spec: object, words: RegExp])[] = [
  ['two handlers for one command', { handlers: [start, start] }, /command/i],
  ['a name that is too long', { profile: { name: 'x'.repeat(65) } }, /name.*64|64.*name/is],
  ['a description that is too long', { profile: { description: 'x'.repeat(513) } }, /512/],
  [
    'a burst above the rate',
    { limits: { requestsPerSecond: 1, burst: 2 } },
    /burst must not be above/,
  ],
];

const ADDRESSES: readonly (readonly [wrong: string, publicUrl: string])[] = [
  ['without https', 'http://bots.example.com'],
  ['with a port that Telegram refuses', 'https://bots.example.com:8444'],
];

/** Manifests that are refused, and change nothing. */
export function refusalScenarios(scenario: Scenario): void {
  for (const [wrong, spec, words] of SPECS) {
    scenario(`${wrong}: refused in words, and the bot goes on`, async (world) => {
      const bot = await readyBot(world, 'sound');
      await expect(world.setSpec('sound', spec)).rejects.toThrow(words);
      expect(await answer(world, bot)).toBe('I am sound');
    });
  }

  for (const [wrong, publicUrl] of ADDRESSES) {
    scenario(`an address for webhooks ${wrong}: refused in words`, async (world) => {
      const spec = { telegram: { apiRoot: TELEGRAM }, webhook: { publicUrl } };
      await expect(world.setFleet(spec)).rejects.toThrow(
        /https:\/\/ address.*443, 80, 88 or 8443/s,
      );
    });
  }
}
