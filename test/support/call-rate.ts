/** The most of `times` that lie in any stretch of a second. In order, in milliseconds. */
export function busiestSecond(times: readonly number[]): number {
  let most = 0;
  let first = 0;
  for (const [index, time] of times.entries()) {
    while ((times[first] ?? 0) <= time - 1_000) first++;
    most = Math.max(most, index - first + 1);
  }
  return most;
}

/** How many of `times` there are a second, but for the first `skipMs`. In order, in milliseconds. */
export function meanRate(times: readonly number[], skipMs: number): number {
  const fromMs = (times[0] ?? 0) + skipMs;
  const counted = times.filter((time) => time >= fromMs);
  return (1_000 * counted.length) / ((counted.at(-1) ?? 0) - fromMs);
}
