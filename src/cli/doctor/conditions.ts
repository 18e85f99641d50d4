import type { Condition } from '../../api/conditions.ts';
import type { SeenObject } from '../object-access.ts';
import { ok, orOk, type Said, warning, wrong } from './finding.ts';

/** So many objects of one trouble are named. */
const MOST_NAMED = 5;

/** The condition of that type, whoever made the object. */
export function conditionOf(
  object: Pick<SeenObject, 'status'>,
  type: string,
): Condition | undefined {
  const { conditions } = (object.status ?? {}) as { readonly conditions?: readonly Condition[] };
  return conditions?.find((condition) => condition.type === type);
}

/** Which fleets are not Ready, need a person, or keep no history. */
export function fleetFindings(fleets: readonly SeenObject[]): readonly Said[] {
  const said = fleets.flatMap((fleet) => {
    const name = `BotFleet ${fleet.metadata.name}`;
    const ready = conditionOf(fleet, 'Ready');
    const stalled = conditionOf(fleet, 'Stalled');
    const history = conditionOf(fleet, 'HistoryAvailable');
    return [
      ...(ready?.status === 'True'
        ? []
        : [
            wrong(
              `${name} is not ready: ${ready?.message ?? 'no operator has seen it yet.'}`,
              stalled?.message ?? 'Look at its pods, and at what follows here.',
            ),
          ]),
      ...historyFindings(name, history),
    ];
  });
  return orOk(said, `All fleets are ready: ${fleets.length}.`);
}

function historyFindings(name: string, history: Condition | undefined): readonly Said[] {
  const { status, reason, message = '' } = history ?? {};
  switch (status === 'True' && reason === 'Kept' ? undefined : reason) {
    case 'NotConfigured':
      return [
        warning(
          `${name} keeps no history: no database is configured.`,
          'Name one in history.databaseUrlSecretRef of the chart, where history, incidents and usage are wanted.',
        ),
      ];
    case 'Unavailable':
      return [
        wrong(
          `${name}: the database of the history can't be written to. ${message}`,
          'See that the database is up, that the address in its Secret is right, and `tenantbot migrate --status`.',
        ),
      ];
    case 'RecordsDropped':
      return [
        warning(
          `${name}: the history has gaps. ${message}`,
          'Give the database more room or a faster disk.',
        ),
      ];
    case undefined:
    default:
      return [];
  }
}

/** Which bots need a person, by what they need. */
export function botFindings(bots: readonly SeenObject[]): readonly Said[] {
  const stalled = new Map<string, SeenObject[]>();
  for (const bot of bots) {
    const condition = conditionOf(bot, 'Stalled');
    // A tenant that has suspended its bot has meant it.
    if (condition?.status !== 'True') continue;
    const same = stalled.get(condition.reason);
    if (same) same.push(bot);
    else stalled.set(condition.reason, [bot]);
  }
  const said = Array.from(stalled, ([reason, same]) => {
    const names = same.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    const more = names.length > MOST_NAMED ? ', …' : '';
    const list = `${names.slice(0, MOST_NAMED).join(', ')}${more}`;
    const [first] = same;
    const message = first && conditionOf(first, 'Stalled')?.message;
    return wrong(
      `${same.length} ${same.length === 1 ? 'bot needs' : 'bots need'} a person (${reason}): ${list}.`,
      message ?? '`tenantbot describe` tells more.',
    );
  });
  return orOk(said, `No bot needs a person, of ${bots.length}.`);
}

/** Whether bots reach Telegram. */
export function callFindings(bots: readonly SeenObject[]): readonly Said[] {
  const told = bots.flatMap((bot) => {
    const condition = conditionOf(bot, 'Healthy');
    return condition ? [{ bot, condition }] : [];
  });
  const failing = told.filter(({ condition }) => condition.status === 'False');
  const [first] = failing;
  if (!first) return [ok(`Calls to Telegram succeed, of ${told.length} bots that make any.`)];
  const { namespace, name } = first.bot.metadata;
  const words = `Calls to Telegram fail for ${failing.length} of ${told.length} bots, such as ${namespace}/${name}: ${first.condition.message}`;
  return failing.length * 2 > told.length
    ? [
        wrong(
          words,
          'See that the Bot API server (spec.telegram.apiRoot, --api-root) is up and reached.',
        ),
      ]
    : [warning(words, '`tenantbot errors` and `tenantbot describe` tell more of each.')];
}
