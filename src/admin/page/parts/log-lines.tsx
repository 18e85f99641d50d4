import { useEffect, useRef, useState } from 'preact/hooks';
import type { BotDetail } from '../../views/bot.ts';
import { localTime, timeOfDay } from '../format.ts';
import { botPath, withParams } from '../query-string.ts';
import { openStream } from '../stream.ts';
import { Empty } from './notice.tsx';
import { type LogLine, readLogLine } from './read-log-line.ts';

const TAIL = 200;
/** Older ones go. */
const KEPT = 1_000;

/** What a bot writes into the log, as it comes. Follows the last line unless one looks further up. */
export function LogLines({ bot }: { readonly bot: BotDetail }) {
  const [lines, setLines] = useState<readonly LogLine[]>([]);
  const [isOpen, setOpen] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  const path = withParams(`${botPath('/v1/bots', bot)}/logs`, { tail: TAIL, follow: true });
  useEffect(() => {
    setLines([]);
    return openStream(path, {
      onMessage: (text) => setLines((last) => [...last, readLogLine(text)].slice(-KEPT)),
      onOpen: (isOpen) => {
        // It begins again with the last lines.
        if (isOpen) setLines([]);
        setOpen(isOpen);
      },
    });
  }, [path]);
  useEffect(() => {
    const element = place.current;
    if (element && isAtEnd(element)) element.scrollTop = element.scrollHeight;
  }, [lines]);

  if (lines.length === 0) {
    return isOpen ? (
      <Empty title="The bot has written nothing lately">
        Lines come here as soon as something goes wrong or changes. More is written at{' '}
        <code>--log-level debug</code>.
      </Empty>
    ) : (
      <p class="loading" role="status">
        Waiting for the log …
      </p>
    );
  }
  return (
    <div class="log" ref={place} tabIndex={0} role="log" aria-label="Log lines">
      {lines.map(({ time, level, tone, message, more }, index) => (
        // Lines have no name of their own.
        <div key={index}>
          <time title={localTime(time)}>{timeOfDay(time)}</time>
          <span class={`level ${tone}`}>{level}</span>
          <span>
            {message} {more !== '' && <span class="muted">{more}</span>}
          </span>
        </div>
      ))}
    </div>
  );
}

const NEAR_PX = 60;

function isAtEnd({ scrollTop, scrollHeight, clientHeight }: HTMLElement): boolean {
  return scrollHeight - clientHeight - scrollTop < NEAR_PX + clientHeight / 2;
}
