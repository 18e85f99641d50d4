import type { UpdateRecord } from './ledger.ts';

/** What waits in a bot's queue. `json` is the update without its id and braces. */
export interface PendingUpdate {
  readonly json: string;
  /** Updates of one lane reach a webhook one after the other; undefined has no order. */
  readonly lane: string | undefined;
  readonly record: UpdateRecord;
}

/** An update as the bot gets it. */
export function updateJson(id: number, json: string): string {
  return json === '' ? `{"update_id":${id}}` : `{"update_id":${id},${json}}`;
}
