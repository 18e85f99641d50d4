import { undoneWarning } from '../../admin/manager.ts';
import { GROUP } from '../../api/group.ts';
import { errorMessage, inputError } from '../../lib/errors.ts';
import type { BotWriter } from '../bot-writer.ts';
import type { ObjectAccess, SeenObject } from '../object-access.ts';
import { type BotSelection, selectBots } from '../select-bots.ts';
import type { Io } from './io.ts';

/** What `tenantbot suspend` or `resume` was asked for. */
export interface SuspendOptions extends BotSelection {
  readonly suspended: boolean;
  /** All bots of the namespace, in place of names. */
  readonly all: boolean;
}

/**
 * `tenantbot suspend` and `resume`: writes `spec.suspended`, a line for each bot. Throws once all
 * were tried where any could not be written.
 */
export async function runSuspend(
  access: ObjectAccess & BotWriter,
  { suspended, all, ...selection }: SuspendOptions,
  io: Io,
): Promise<void> {
  refuseVague({ all, ...selection });
  let failed = 0;
  for (const bot of await selectBots(access, selection)) {
    if (!(await writeOne(access, { bot, suspended }, io))) failed++;
  }
  if (failed > 0) throw inputError('NOT_WRITTEN', `${failed} could not be ${wordOf(suspended)}`);
}

function refuseVague({ names, all, allNamespaces, selector }: Omit<SuspendOptions, 'suspended'>) {
  const isSelected = all || allNamespaces || selector !== undefined;
  if (names.length > 0 && all) throw inputError('WHICH_BOTS', 'give names or --all, not both');
  if (names.length > 0 || isSelected) return;
  throw inputError('WHICH_BOTS', 'name the bots, select them with -l, or give --all or -A');
}

/** False where it could not be written; that has been said then. */
async function writeOne(
  access: BotWriter,
  { bot, suspended }: { readonly bot: SeenObject; readonly suspended: boolean },
  io: Io,
): Promise<boolean> {
  const who = `tenantbot.${GROUP}/${bot.metadata.name}`;
  if (isSuspended(bot) === suspended) {
    io.out(`${who} ${wordOf(suspended)} already`);
    return true;
  }
  try {
    await access.setSuspended(bot.metadata, suspended);
  } catch (error) {
    io.err(`${who}: ${errorMessage(error)}`);
    return false;
  }
  io.out(`${who} ${wordOf(suspended)}`);
  const warning = undoneWarning(bot);
  if (warning !== undefined) io.err(warning);
  return true;
}

function wordOf(suspended: boolean): string {
  return suspended ? 'suspended' : 'resumed';
}

function isSuspended({ spec }: SeenObject): boolean {
  return (spec as { readonly suspended?: unknown } | undefined)?.suspended === true;
}
