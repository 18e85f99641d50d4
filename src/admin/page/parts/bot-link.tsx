import { botPath } from '../query-string.ts';

/** The way to a bot. A name is text, whatever it holds and in whichever direction it is written. */
export function BotLink(bot: { readonly namespace: string; readonly name: string }) {
  return (
    <a class="bot" href={botPath('/bots', bot)} title={`${bot.namespace}/${bot.name}`}>
      <bdi>
        <span class="muted">{bot.namespace}/</span>
        {bot.name}
      </bdi>
    </a>
  );
}
