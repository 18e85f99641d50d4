import type { Client, Connection, Submittable } from 'pg';

/** What the driver has and its types don't tell of. */
interface CopyConnection extends Connection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/** Resolves when `text` went through `copy … from stdin` (`statement`) on `client`. */
export function copyIn(client: Client, statement: string, text: string): Promise<void> {
  const copied = Promise.withResolvers<void>();
  const copy: Submittable & Record<string, unknown> = {
    submit: (connection) => connection.query(statement),
    handleCopyInResponse(connection: CopyConnection) {
      connection.sendCopyFromChunk(Buffer.from(text));
      connection.endCopyFrom();
    },
    handleCommandComplete: () => undefined,
    handleReadyForQuery: () => copied.resolve(),
    handleError: (error: Error) => copied.reject(error),
  };
  client.query(copy);
  return copied.promise;
}
