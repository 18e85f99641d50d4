import { sql } from 'kysely';
import { aboutBots, days } from './arguments.ts';
import { inLastDays, isOf } from './fragments.ts';
import { historyQuery } from './query.ts';
import { IS_UPDATE } from './usage-totals.ts';

/** How much bots were used in one kind of chat. */
export interface ChatKind {
  /** `private`, `group`, `supergroup` or `channel`; '' for updates that belong to no chat. */
  readonly chatKind: string;
  readonly updates: number;
  /** Of all updates. */
  readonly percent: number;
}

/** In which kinds of chats bots were used in the last `days`, the most frequent first. */
export const chatKinds = historyQuery({
  name: 'chat kinds',
  args: aboutBots({ days: days.default(7) }),
  async run(asking, { days, ...bots }): Promise<readonly ChatKind[]> {
    const { rows } = await sql<ChatKind>`
      select chat_kind as "chatKind", sum(calls)::float8 as "updates",
        round(100 * sum(calls) / nullif(sum(sum(calls)) over (), 0), 1)::float8 as "percent"
      from usage_hourly
      where ${isOf(asking, bots)} and ${IS_UPDATE}
        and ${inLastDays('hour', asking, days)}
      group by chat_kind having sum(calls) > 0
      order by 2 desc, 1`.execute(asking.database);
    return rows;
  },
});
