import { afterAll, beforeAll, describe } from 'vitest';
import { callScenarios } from './calls.ts';
import { handlerScenarios } from './handlers.ts';
import { lifecycleScenarios } from './lifecycle.ts';
import { membershipScenarios } from './membership.ts';
import { webhookScenarios } from './webhooks.ts';
import type { ScenarioWorld } from './world.ts';

/** What is to hold wherever bots run, once for each world. */
export function describeScenarios(where: string, open: () => Promise<ScenarioWorld>): void {
  describe(`bots ${where}`, () => {
    let world: ScenarioWorld | undefined;
    beforeAll(async () => {
      world = await open();
    });
    afterAll(() => world?.[Symbol.asyncDispose]());
    const inWorld = (): ScenarioWorld => {
      if (!world) throw new Error('the world is not open');
      return world;
    };
    describe('calls', () => {
      callScenarios(inWorld);
    });
    describe('handlers', () => {
      handlerScenarios(inWorld);
    });
    describe('membership', () => {
      membershipScenarios(inWorld);
    });
    describe('webhooks', () => {
      webhookScenarios(inWorld);
    });
    describe('lifecycle', () => {
      lifecycleScenarios(inWorld);
    });
  });
}
