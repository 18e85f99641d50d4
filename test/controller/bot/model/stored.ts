import type { Placement } from '../../../../src/api/tenant-bot-status.ts';

export const BOT_ID = 7;
/** The shortest that a fleet may say. */
export const REASSIGN_MS = 10_000;

/** A TenantBot as the API server has it. */
export interface StoredModelBot {
  readonly uid: string;
  version: number;
  wanted: boolean;
  fleet: string;
  placement: Placement | undefined;
}
