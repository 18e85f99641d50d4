import { NodeWorld } from '../scenarios/node-world.ts';
import { describeScenarios } from '../scenarios/scenarios.ts';

describeScenarios('in pods', () => NodeWorld.open());
