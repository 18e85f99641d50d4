import { styleText } from 'node:util';
import type { Paint } from './table.ts';

/** Words of status that somebody should look at, and those that will do for now. */
const STYLES: ReadonlyMap<string, 'red' | 'yellow'> = new Map([
  ...[
    'False',
    'Unhealthy',
    'Crashed',
    'Open',
    'Revoked',
    'Unauthorized',
    'InvalidFormat',
    'wrong',
  ].map((word) => [word, 'red'] as const),
  ...[
    'Missing',
    'Degraded',
    'HalfOpen',
    'Suspended',
    'Pending',
    'Restarting',
    'warning',
    'unknown',
  ].map((word) => [word, 'yellow'] as const),
]);

/**
 * Colours cells that tell of trouble, where `stream` is a terminal and the environment does not
 * say otherwise (NO_COLOR, FORCE_COLOR, TERM=dumb).
 */
export function painter(stream: NodeJS.WriteStream): Paint {
  return (cell) => {
    const style = STYLES.get(cell);
    return style === undefined ? cell : styleText(style, cell, { stream });
  };
}
