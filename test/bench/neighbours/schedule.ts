import type { Random } from '../../../src/lib/random.ts';

/** Something that happens again and again. */
export interface Deed {
  /** On average: it comes as calls come to an exchange, whatever came before (Poisson). */
  readonly everyMs: number;
  readonly act: () => void;
}

interface Due {
  readonly atMs: number;
  readonly act: () => void;
}

/**
 * Does each deed at its pace for so long, whether or not anybody keeps up. Paces are drawn in the
 * order of `deeds`: with the same seed, the first ones come at the same times whatever follows.
 */
export async function follow(
  deeds: readonly Deed[],
  { forMs, random }: { readonly forMs: number; readonly random: Random },
): Promise<void> {
  const schedule = deeds
    .flatMap((deed) => timesOf(deed, forMs, random))
    .toSorted((one, other) => one.atMs - other.atMs);
  const startMs = performance.now();
  for (const { atMs, act } of schedule) {
    await until(startMs + atMs);
    act();
  }
  await until(startMs + forMs);
}

function timesOf({ everyMs, act }: Deed, forMs: number, random: Random): Due[] {
  const times: Due[] = [];
  const pauseMs = (): number => -Math.log(1 - random()) * everyMs;
  for (let atMs = pauseMs(); atMs < forMs; atMs += pauseMs()) times.push({ atMs, act });
  return times;
}

async function until(dueMs: number): Promise<void> {
  for (let leftMs = dueMs - performance.now(); leftMs > 0; leftMs = dueMs - performance.now()) {
    await new Promise((resolve) => {
      setTimeout(resolve, leftMs);
    });
  }
}
