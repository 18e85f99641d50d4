import { BOT_FLEET_ROWS } from './bot-fleets.ts';
import { CALL_ROWS } from './calls.ts';
import { GATE_ROWS } from './gates.ts';
import { HANDLER_ROWS } from './handlers.ts';
import { REPLY_ROWS } from './replies.ts';
import type { Row } from './row.ts';
import { TENANT_BOT_ROWS } from './tenant-bots.ts';

/** The whole table of manifests. */
export const ALL_ROWS: readonly Row[] = [
  ...TENANT_BOT_ROWS,
  ...HANDLER_ROWS,
  ...REPLY_ROWS,
  ...GATE_ROWS,
  ...CALL_ROWS,
  ...BOT_FLEET_ROWS,
];
