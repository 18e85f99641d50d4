/** One ordinal of a fleet: what one runtime hosts. */
export interface ShardId {
  readonly fleet: string;
  readonly ordinal: number;
}

/** `fleet/ordinal`: for keys, logs and messages. */
export function shardName({ fleet, ordinal }: ShardId): string {
  return `${fleet}/${ordinal}`;
}
