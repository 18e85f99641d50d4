import { errorMessage } from '../../lib/errors.ts';
import { type Finding, type Said, unknown } from './finding.ts';

/** One look at something. What it throws counts as not found out. */
export interface Check<World> {
  /** What it is about, in a word. */
  readonly name: string;
  readonly look: (world: World) => Promise<readonly Said[]>;
}

/** What all of `checks` find, in their order; they look at the same time. */
export async function runChecks<World>(
  checks: readonly Check<World>[],
  world: World,
  cannot: (error: unknown) => Said = notFoundOut,
): Promise<readonly Finding[]> {
  const said = await Promise.all(
    checks.map(({ look }) => look(world).catch((error: unknown) => [cannot(error)])),
  );
  return checks.flatMap(({ name: check }, index) =>
    (said[index] ?? []).map(({ verdict, message, remedy }) => {
      const finding = { verdict, check, message };
      return remedy === undefined ? finding : Object.assign(finding, { remedy });
    }),
  );
}

function notFoundOut(error: unknown): Said {
  return unknown(`It could not be found out: ${errorMessage(error)}`, 'Mend that, and ask again.');
}
