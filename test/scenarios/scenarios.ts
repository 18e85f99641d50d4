import { afterAll, beforeAll, describe, it } from 'vitest';
import { breakerScenarios } from './breakers.ts';
import { gateScenarios } from './gates.ts';
import { handlerScenarios } from './handlers.ts';
import { lifecycleScenarios } from './lifecycle.ts';
import { ownershipScenarios } from './ownership.ts';
import type { Platform } from './platform.ts';
import { profileScenarios } from './profile.ts';
import { rateScenarios } from './rates.ts';
import { refusalScenarios } from './refusals.ts';
import { retryScenarios } from './retries.ts';
import type { Scenario } from './steps.ts';
import { tokenScenarios } from './tokens.ts';
import { webhookPostScenarios } from './webhook-posts.ts';
import { webhookScenarios } from './webhooks.ts';
import { ScenarioWorld } from './world.ts';

/** The longest wait for things that Telegram, or a design, lets take minutes; a scenario has one at most. */
const TIMEOUT_MS = 300_000;

/** Those that take longest first, since not all fit side by side. */
const SCENARIOS: Readonly<Record<string, (scenario: Scenario) => void>> = {
  tokens: tokenScenarios,
  'the life of a bot': lifecycleScenarios,
  webhooks: webhookScenarios,
  rates: rateScenarios,
  gates: gateScenarios,
  breakers: breakerScenarios,
  retries: retryScenarios,
  'requests to webhooks': webhookPostScenarios,
  ownership: ownershipScenarios,
  handlers: handlerScenarios,
  profiles: profileScenarios,
  'bad manifests': refusalScenarios,
};

/** What is to hold wherever bots run, once for each platform; all scenarios side by side. */
export function describeScenarios(where: string, open: () => Promise<Platform>): void {
  describe.concurrent(`bots ${where}`, { timeout: TIMEOUT_MS }, () => {
    let platform: Platform | undefined;
    beforeAll(async () => {
      platform = await open();
      await ScenarioWorld.prepare(platform);
    });
    afterAll(() => platform?.[Symbol.asyncDispose]());
    const scenario: Scenario = (name, run) => {
      it(name, async () => {
        if (!platform) throw new Error('the platform is not open');
        await using world = await ScenarioWorld.open(platform);
        await run(world);
      });
    };
    for (const [name, define] of Object.entries(SCENARIOS)) {
      describe(name, () => {
        define(scenario);
      });
    }
  });
}
