import { describeScenarios } from '../scenarios/scenarios.ts';
import { Standalone } from '../scenarios/standalone.ts';

describeScenarios('in a standalone', () => Standalone.open());
