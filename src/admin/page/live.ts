import { signal } from '@preact/signals';
import type { BotEvent } from '../views/event.ts';
import { after } from './browser-clock.ts';

/** How many events are kept to look at. */
const KEPT = 200;

/** Whether changes come by themselves at present. */
export const isLive = signal(false);

/** What has changed since the page was opened, the latest first. */
export const events = signal<readonly BotEvent[]>([]);

type Listener = (event: BotEvent) => void;

const listeners = new Set<Listener>();

/** Hears of every change from now on, until the returned function is called. */
export function listen(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Opens the stream of events; what is missed while it is cut comes after. Returns what ends it. */
export function goLive(): () => void {
  let source: EventSource | undefined;
  let cancel = (): void => undefined;
  const open = (): void => {
    source = new EventSource('/v1/events');
    source.onopen = () => {
      isLive.value = true;
    };
    source.onmessage = ({ data }: MessageEvent<string>) => tell(JSON.parse(data) as BotEvent);
    source.onerror = () => {
      isLive.value = false;
      // A browser tries again by itself, unless the answer was a refusal.
      if (source?.readyState === EventSource.CLOSED) cancel = after(10_000, open);
    };
  };
  open();
  return () => {
    cancel();
    source?.close();
    isLive.value = false;
  };
}

function tell(event: BotEvent): void {
  events.value = [event, ...events.value].slice(0, KEPT);
  for (const listener of listeners) listener(event);
}
