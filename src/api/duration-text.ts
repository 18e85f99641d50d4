import { z } from 'zod';

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
const FORM = /^(\d{1,6})(ms|s|m|h)$/;

/**
 * A duration as a manifest writes it: a whole number with `ms`, `s`, `m` or `h` behind it, between
 * the two bounds, both in milliseconds.
 */
export function durationText(bounds: { readonly minMs: number; readonly maxMs: number }) {
  const { minMs, maxMs } = bounds;
  const between = `must be a duration from ${formatDuration(minMs)} to ${formatDuration(maxMs)}, such as 500ms, 30s or 5m`;
  return z
    .string()
    .max(16)
    .regex(FORM, { error: between, abort: true })
    .refine((value) => isWithin(durationMs(value), bounds), { error: between })
    .meta({
      'x-kubernetes-validations': [
        {
          rule: `duration(self) >= duration('${minMs}ms') && duration(self) <= duration('${maxMs}ms')`,
          message: between,
        },
      ],
    });
}

/** Milliseconds of a text that {@link durationText} let through. */
export function durationMs(text: string): number {
  const [, number = '', unit = 'ms'] = FORM.exec(text) ?? [];
  return Number(number) * UNIT_MS[unit as keyof typeof UNIT_MS];
}

/** `ms` in the largest unit that says it exactly. */
function formatDuration(ms: number): string {
  const fitting = Object.entries(UNIT_MS).filter(([, size]) => ms % size === 0 && ms >= size);
  const [unit, size] = fitting.at(-1) ?? ['ms', 1];
  return `${ms / size}${unit}`;
}

function isWithin(ms: number, { minMs, maxMs }: { minMs: number; maxMs: number }): boolean {
  return ms >= minMs && ms <= maxMs;
}
