import { after } from './browser-clock.ts';

/** After how long a stream that was refused is asked for again. */
const AGAIN_MS = 10_000;

/** Who hears a stream. */
export interface StreamReader {
  readonly onMessage: (text: string) => void;
  /** Told whenever the stream opens or is cut. */
  readonly onOpen: (isOpen: boolean) => void;
  /** Told where something was missed for good. */
  readonly onReset?: () => void;
}

/**
 * Hears what the server sends under `path` until the returned function is called. A stream that is
 * cut is opened again, and goes on after the last message where the server numbers them.
 */
export function openStream(path: string, { onMessage, onOpen, onReset }: StreamReader): () => void {
  let source: EventSource;
  let cancel = (): void => undefined;
  const open = (): void => {
    source = new EventSource(path);
    source.onopen = () => onOpen(true);
    source.onmessage = ({ data }: MessageEvent<string>) => onMessage(data);
    if (onReset) source.addEventListener('reset', onReset);
    source.onerror = () => {
      onOpen(false);
      // A browser tries again by itself, unless the answer was a refusal.
      if (source.readyState === EventSource.CLOSED) cancel = after(AGAIN_MS, open);
    };
  };
  open();
  return () => {
    cancel();
    source.close();
    onOpen(false);
  };
}
