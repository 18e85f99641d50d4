import { useEffect } from 'preact/hooks';
import type { BotRow } from '../views/bot.ts';
import { after } from './browser-clock.ts';
import { request } from './http.ts';
import { listen } from './live.ts';
import { botPath } from './query-string.ts';
import type { Pages } from './use-pages.ts';

/** How long changes are gathered. */
const GATHER_MS = 3_000;
/** More than so many are fetched as a list: the server counts requests. */
const FEW = 2;

/** Keeps a list of bots as the bots are: asks for those that have changed. */
export function useLiveBots({ edit, reload }: Pages<BotRow>): void {
  useEffect(() => {
    const changed = new Map<string, { readonly namespace: string; readonly name: string }>();
    let isOther = false;
    let cancel: (() => void) | undefined;

    const refresh = (): void => {
      cancel = undefined;
      const bots = [...changed.values()];
      if (isOther || bots.length > FEW) reload();
      else for (const bot of bots) void refetch(bot, edit);
      changed.clear();
      isOther = false;
    };
    const stop = listen({
      onReset: reload,
      onEvent({ namespace, name, kind }) {
        changed.set(`${namespace}/${name}`, { namespace, name });
        // Which bots the list holds, and not only how they do.
        isOther ||= kind === 'added' || kind === 'deleted';
        cancel ??= after(GATHER_MS, refresh);
      },
    });
    return () => {
      stop();
      cancel?.();
    };
  }, [edit, reload]);
}

async function refetch(
  bot: { readonly namespace: string; readonly name: string },
  edit: Pages<BotRow>['edit'],
): Promise<void> {
  // One that has gone meanwhile is told by an event of its own.
  const fresh = await request<BotRow>(botPath('/v1/bots', bot)).catch(() => undefined);
  if (!fresh) return;
  edit((rows) => rows.map((row) => (isSame(row, fresh) ? fresh : row)));
}

function isSame(a: BotRow, b: BotRow): boolean {
  return a.namespace === b.namespace && a.name === b.name;
}
