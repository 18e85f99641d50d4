/**
 * How long a runtime that ends lets its bots go on with what they have begun, whatever its fleet's
 * `drainSeconds`: a node that is drained or a machine that is shut down does not wait for longer.
 */
export const LONGEST_STOP_DRAIN_SECONDS = 20;
