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
  const { names, allNamespaces, selector } = selection;
  if (names.length === 0 && !all && !allNamespaces && selector === undefined) {
    throw inputError('WHICH_BOTS', 'name the bots, select them with -l, or give --all or -A');
  }
  if (names.length > 0 && all) throw inputError('WHICH_BOTS', 'give names or --all, not both');
  const word = suspended ? 'suspended' : 'resumed';
  let failed = 0;
  for (const bot of await selectBots(access, selection)) {
    const who = `tenantbot.${GROUP}/${bot.metadata.name}`;
    if (isSuspended(bot) === suspended) {
      io.out(`${who} ${word} already`);
      continue;
    }
    try {
      await access.setSuspended(bot.metadata, suspended);
      io.out(`${who} ${word}`);
    } catch (error) {
      failed++;
      io.err(`${who}: ${errorMessage(error)}`);
    }
  }
  if (failed > 0) throw inputError('NOT_WRITTEN', `${failed} could not be ${word}`);
}

function isSuspended({ spec }: SeenObject): boolean {
  return (spec as { readonly suspended?: unknown } | undefined)?.suspended === true;
}
