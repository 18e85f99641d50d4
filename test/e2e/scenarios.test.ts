import { Pods } from '../scenarios/pods.ts';
import { describeScenarios } from '../scenarios/scenarios.ts';

describeScenarios('in pods', () => Pods.open());
