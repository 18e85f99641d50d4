/** How many schedules to run: as `text` says, or `byDefault`. */
export function runsOf(text: string | undefined, byDefault: number): number {
  return text === undefined ? byDefault : Number(text);
}

/** `runs` seeds from the one that `text` says, else from 1. */
export function seedsFrom(text: string | undefined, runs: number): number[] {
  const first = text === undefined ? 1 : Number(text);
  return Array.from({ length: runs }, (_, index) => first + index);
}
