/** Who asks for a part of a capacity. All but the weight are whole numbers. */
export interface Claim {
  readonly demand: number;
  /** Above 0. */
  readonly weight: number;
  /** What it gets whatever it asks for, where the capacity suffices for all floors. */
  readonly floor: number;
}

/**
 * Divides `capacity` in whole numbers, all of it: everybody's floor first; then max-min fair by
 * weight up to what each demands; what is left is spread by weight, so that whoever is to want more
 * can start at once. Where one is left over, who comes first gets it. Within one of what handing out
 * one by one, always to who has least for its weight, would give (test/coordinator/allocate.test.ts).
 */
export function allocate(capacity: number, claims: readonly Claim[]): number[] {
  if (claims.length === 0) return [];
  const floors = claims.map(({ floor }) => floor);
  if (sum(floors) >= capacity) return fill(capacity, claims, { from: zeros(claims), to: floors });
  const wishes = claims.map(({ floor, demand }) => Math.max(floor, demand));
  const left = capacity - sum(wishes);
  if (left <= 0) return fill(capacity, claims, { from: floors, to: wishes });
  const spare = claims.map(() => left);
  const spread = fill(left, claims, { from: zeros(claims), to: spare });
  return wishes.map((wish, index) => wish + (spread[index] ?? 0));
}

interface Bounds {
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/** Raises all from their lower bounds at a level that is the same for all, by weight. */
function fill(capacity: number, claims: readonly Claim[], bounds: Bounds): number[] {
  const { from, to } = bounds;
  if (capacity <= sum(from)) return [...from];
  const level = levelOf(capacity, claims, bounds);
  const exact = claims.map(({ weight }, index) =>
    Math.min(to[index] ?? 0, Math.max(from[index] ?? 0, weight * level)),
  );
  return roundTo(capacity, exact, to);
}

/** Where the level comes to, edge by edge: each claim rises between its two bounds alone. */
function levelOf(capacity: number, claims: readonly Claim[], { from, to }: Bounds): number {
  const edges = claims.flatMap(({ weight }, index) => [
    { at: (from[index] ?? 0) / weight, rise: weight },
    { at: (to[index] ?? 0) / weight, rise: -weight },
  ]);
  edges.sort((a, b) => a.at - b.at);
  let left = capacity - sum(from);
  let level = 0;
  let rise = 0;
  for (const edge of edges) {
    const more = rise * (edge.at - level);
    if (more >= left) break;
    left -= more;
    level = edge.at;
    rise += edge.rise;
  }
  return rise > 0 ? level + left / rise : level;
}

/** Whole numbers, those with the largest parts cut off rounded up as long as there is capacity. */
function roundTo(capacity: number, exact: readonly number[], to: readonly number[]): number[] {
  const whole = exact.map((share) => Math.floor(share + 1e-9));
  let left = capacity - sum(whole);
  const order = exact
    .map((share, index) => ({ index, cut: share - (whole[index] ?? 0) }))
    .toSorted((a, b) => (Math.abs(a.cut - b.cut) < 1e-9 ? a.index - b.index : b.cut - a.cut));
  for (const { index } of order) {
    const share = whole[index] ?? 0;
    if (left <= 0) break;
    if (share >= (to[index] ?? 0)) continue;
    whole[index] = share + 1;
    left--;
  }
  return whole;
}

function zeros(claims: readonly Claim[]): number[] {
  return claims.map(() => 0);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
