import { signal } from '@preact/signals';
import type { BotEvent } from '../views/event.ts';
import { openStream } from './stream.ts';

/** How many events are kept to look at. */
const KEPT = 200;

/** Whether changes come by themselves at present. */
export const isLive = signal(false);

/** What has changed since the page was opened, the latest first. */
export const events = signal<readonly BotEvent[]>([]);

/** Who hears of changes. */
interface Listener {
  readonly onEvent: (event: BotEvent) => void;
  /** Told where changes were missed: all may be different now. */
  readonly onReset: () => void;
}

const listeners = new Set<Listener>();

/** Tells `listener` of every change from now on, until the returned function is called. */
export function listen(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Opens the stream of events; what is missed while it is cut comes after. Returns what ends it. */
export function goLive(): () => void {
  return openStream('/v1/events', {
    onMessage: (text) => tell(JSON.parse(text) as BotEvent),
    onOpen: (isOpen) => {
      isLive.value = isOpen;
    },
    onReset: () => {
      for (const { onReset } of listeners) onReset();
    },
  });
}

function tell(event: BotEvent): void {
  events.value = [event, ...events.value].slice(0, KEPT);
  for (const { onEvent } of listeners) onEvent(event);
}
