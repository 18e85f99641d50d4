import type { Clock } from '../../lib/clock.ts';
import { PushStream } from '../../lib/push-stream.ts';

/** The media type of server-sent events. */
export const EVENT_STREAM = 'text/event-stream';

/** Proxies cut what is silent for longer than a minute. */
const BEAT_MS = 15_000;
/** After this long a reader is to come again, so that who may no longer read does not. */
const LONGEST_MS = 600_000;
/** How soon a reader that was cut off comes again. */
const RETRY_MS = 2_000;

/** One server-sent event. */
export interface SentEvent {
  readonly id?: string;
  /** `message` unless given. */
  readonly event?: string;
  /** Without line breaks. */
  readonly data: string;
}

/**
 * Server-sent events to one reader, kept alive by a comment now and then. Ends by itself after ten
 * minutes, when a reader that goes by the standard comes again.
 */
export class SentEvents extends PushStream {
  constructor(clock: Clock, onClose: () => void) {
    const stopAll = (): void => {
      beat.cancel();
      end.cancel();
      onClose();
    };
    super(stopAll);
    const again = (): ReturnType<Clock['setTimer']> =>
      clock.setTimer(BEAT_MS, () => {
        this.send(':\n\n');
        beat = again();
      });
    let beat = again();
    const end = clock.setTimer(LONGEST_MS, () => this.finish());
    this.send(`retry: ${RETRY_MS}\n\n`);
  }

  sendEvent({ id, event, data }: SentEvent): void {
    const lines = [
      ...(id === undefined ? [] : [`id: ${id}`]),
      ...(event === undefined ? [] : [`event: ${event}`]),
      `data: ${data}`,
    ];
    this.send(`${lines.join('\n')}\n\n`);
  }
}
