import { describeScenarios } from '../scenarios/scenarios.ts';
import { StandaloneWorld } from '../scenarios/standalone-world.ts';

describeScenarios('in standalone', () => StandaloneWorld.open());
