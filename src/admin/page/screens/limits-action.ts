import type { Limits } from '../../../api/limits.ts';
import type { BotDetail } from '../../views/bot.ts';
import { request } from '../http.ts';
import type { Action } from '../parts/confirm.tsx';
import { botPath } from '../query-string.ts';

/** As the schema of `spec.limits` has them. */
const LIMITS: readonly (readonly [keyof Limits, string, number])[] = [
  ['requestsPerSecond', 'Calls a second', 1_000],
  ['burst', 'Of them at the same moment', 1_000],
  ['maxConcurrent', 'Under way at the same time', 1_000],
  ['weight', 'Weight beside other bots', 100],
];

/** Changes how much a bot may ask of Telegram; `kept` says who will undo that. */
export function limitsAction(bot: BotDetail, kept: string): Action {
  // As it is stored: another version of the schema may have let it through.
  const limits = bot.spec['limits'] as Partial<Limits> | undefined;
  return {
    label: 'Change limits',
    consequence: `The limits hold from the bot's next call on. Those of Telegram and of the fleet hold, too.${kept}`,
    fields: LIMITS.map(([name, label, most]) => ({
      name,
      label,
      most,
      initial: String(limits?.[name] ?? ''),
    })),
    async run(values) {
      const numbers = LIMITS.map(([name]) => [name, Number(values[name])]);
      const body = { limits: Object.fromEntries(numbers) as Limits };
      const path = botPath('/v1/bots', bot);
      const { warning } = await request<{ readonly warning?: string }>(path, {
        method: 'PATCH',
        body,
      });
      return `The limits are changed. ${warning ?? ''}`.trim();
    },
  };
}
