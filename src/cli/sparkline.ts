const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;
const GAP = ' ';
const MAX_WIDTH = 60;

/**
 * `values` as bars, the highest of all at full height; what is null is a gap. More than
 * {@link MAX_WIDTH} are drawn together, the highest of its neighbours for each.
 */
export function sparkline(values: readonly (number | null)[]): string {
  const together = Math.ceil(values.length / MAX_WIDTH);
  const drawn: (number | null)[] = [];
  for (let index = 0; index < values.length; index += together) {
    const known = values.slice(index, index + together).filter((value) => value !== null);
    drawn.push(known.length === 0 ? null : Math.max(...known));
  }
  const highest = Math.max(0, ...drawn.map((value) => value ?? 0));
  return drawn.map((value) => bar(value, highest)).join('');
}

function bar(value: number | null, highest: number): string {
  if (value === null) return GAP;
  const height = highest === 0 ? 0 : Math.ceil((value / highest) * BARS.length) - 1;
  return BARS[Math.max(0, height)] ?? BARS[0];
}
