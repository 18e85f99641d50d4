import { PushStream } from '../../lib/push-stream.ts';

/** The media type of a stream of JSON values, one a line. */
export const NDJSON = 'application/x-ndjson';

/** A body that carries values as they come, until its reader leaves or its source ends. */
export class EventStream extends PushStream {
  add(value: object): void {
    this.send(`${JSON.stringify(value)}\n`);
  }
}
