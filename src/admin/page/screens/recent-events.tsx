import type { BotEvent } from '../../views/event.ts';
import { localTime, timeOfDay } from '../format.ts';
import { events } from '../live.ts';
import { BotLink } from '../parts/bot-link.tsx';
import { Empty } from '../parts/notice.tsx';
import { State } from '../parts/state.tsx';

const SHOWN = 30;

/** What has changed since the page was opened, of all bots or of one. */
export function RecentEvents({
  of,
}: {
  readonly of?: { readonly namespace: string; readonly name: string };
}) {
  const shown = events.value
    .filter((event) => !of || (event.namespace === of.namespace && event.name === of.name))
    .slice(0, SHOWN);
  if (shown.length === 0) {
    return (
      <Empty title="Nothing has changed since this page was opened">
        Changes of phase, health, breaker, token and place come here by themselves.
      </Empty>
    );
  }
  return (
    <table class="plain">
      <tbody>
        {shown.map((event) => (
          <tr key={`${event.at} ${event.namespace}/${event.name} ${event.kind} ${event.to}`}>
            <td class="muted" title={localTime(event.at)}>
              {timeOfDay(event.at)}
            </td>
            {!of && (
              <td>
                <BotLink {...event} />
              </td>
            )}
            <td class="muted">{event.kind}</td>
            <td>
              <Change event={event} />
              {event.message !== '' && <div class="muted">{event.message}</div>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const STATES: ReadonlySet<BotEvent['kind']> = new Set([
  'phase',
  'ready',
  'health',
  'breaker',
  'token',
]);

function Change({ event: { kind, from, to } }: { readonly event: BotEvent }) {
  if (to === null) return null;
  return (
    <>
      {from !== null && <span class="muted">{from} → </span>}
      {STATES.has(kind) ? <State of={to} /> : to}
    </>
  );
}
