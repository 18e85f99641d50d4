import type { BotAccess } from './bot-access.ts';
import type { BotWriter } from './bot-writer.ts';
import type { LogAccess } from './commands/logs.ts';
import type { FleetAccess } from './fleet-access.ts';
import type { ObjectAccess } from './object-access.ts';

/** All that commands may do and see, in a cluster as in a standalone. */
export interface Access extends BotAccess, FleetAccess, ObjectAccess, BotWriter, LogAccess {}
