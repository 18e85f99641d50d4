import { seededRandom } from '../../../../src/lib/random.ts';
import { fault, heal } from './faults.ts';
import { World } from './world.ts';

const STEPS = 60;
const REST_STEPS = 80;

/** Has one schedule happen, which follows from its seed alone. Throws where an invariant breaks. */
export async function runSchedule(seed: number): Promise<World> {
  const world = new World(seededRandom(seed));
  for (let step = 0; step < STEPS; step++) {
    if (world.chance(0.3)) fault(world);
    if (world.chance(0.5)) world.say(world.pick(['a', 'b']));
    await world.tick();
  }
  heal(world);
  for (let step = 0; step < REST_STEPS; step++) await world.tick();
  world.judge.checkAtRest();
  return world;
}
