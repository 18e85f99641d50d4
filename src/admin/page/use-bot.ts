import { useEffect } from 'preact/hooks';
import type { BotDetail } from '../views/bot.ts';
import { after } from './browser-clock.ts';
import { listen } from './live.ts';
import { botPath } from './query-string.ts';
import { type Query, useQuery } from './use-query.ts';

/** One bot, kept up to date: at once where an event tells of it, else every ten seconds. */
export function useBot(of: {
  readonly namespace: string;
  readonly name: string;
}): Query<BotDetail> {
  const query = useQuery<BotDetail>(botPath('/v1/bots', of), 10_000);
  useEffect(() => {
    let cancel: (() => void) | undefined;
    const stop = listen({
      onReset: query.reload,
      onEvent(event) {
        if (event.namespace !== of.namespace || event.name !== of.name) return;
        // What happens together is told one by one.
        cancel?.();
        cancel = after(200, query.reload);
      },
    });
    return () => {
      stop();
      cancel?.();
    };
  }, [of.namespace, of.name]);
  return query;
}
