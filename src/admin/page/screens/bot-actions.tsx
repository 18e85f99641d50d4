import type { BotDetail } from '../../views/bot.ts';
import { request } from '../http.ts';
import { type Action, ActionButton } from '../parts/confirm.tsx';
import { botPath } from '../query-string.ts';
import { limitsAction } from './limits-action.ts';

/** What can be done with a bot; each asks before it acts. */
export function BotActions({
  bot,
  onDone,
}: {
  readonly bot: BotDetail;
  readonly onDone: (said: string) => void;
}) {
  return (
    <div class="actions">
      {actionsOn(bot).map((action) => (
        <ActionButton key={action.label} action={action} onDone={onDone} />
      ))}
    </div>
  );
}

function actionsOn(bot: BotDetail): Action[] {
  const kept = bot.manager
    ? ` It is kept by ${bot.manager.kind} (${bot.manager.name}), which will undo this unless you change it there, too.`
    : '';
  const post = (path: string, said: string) => async () => {
    const answer = await request<{ readonly warning?: string } | undefined>(
      `${botPath('/v1/bots', bot)}/${path}`,
      { method: 'POST', body: {} },
    );
    return answer?.warning ? `${said} ${answer.warning}` : said;
  };
  const lifecycle: Action[] = bot.suspended
    ? [
        {
          label: 'Resume',
          consequence: `The bot starts again and answers what Telegram has kept for it.${kept}`,
          run: post('resume', 'The bot is to run again.'),
        },
      ]
    : [
        {
          label: 'Restart',
          consequence:
            'The bot finishes what it has begun, stops, and starts anew. No update is lost.',
          run: post('restart', 'The bot was asked to restart.'),
        },
        {
          label: 'Suspend',
          consequence: `The bot finishes what it has begun and stops. Nobody gets an answer until it is resumed; Telegram keeps updates for a day.${kept}`,
          isDangerous: true,
          run: post('suspend', 'The bot is to stop.'),
        },
      ];
  return [
    {
      label: 'Check token',
      consequence: 'Telegram is asked whether it accepts the token.',
      run: post('token/check', 'The check was asked for; its result comes within seconds.'),
    },
    {
      label: 'Reset breaker',
      consequence: 'Calls to Telegram are made again at once, as if none had failed.',
      run: post('breaker/reset', 'The breaker was asked to close.'),
    },
    {
      label: 'Write down',
      consequence: 'How the bot does now is written into the history, ahead of the next snapshot.',
      run: post('persist', 'It was asked to be written down.'),
    },
    limitsAction(bot, kept),
    ...lifecycle,
  ];
}
