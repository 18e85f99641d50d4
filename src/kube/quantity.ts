const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

const QUANTITY = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([numkMGTPE]?|[KMGTPE]i))$/;

/** Whether two quantities (`100m`, `1.5Gi`, `2e3`) are the same but for how they are written. */
export function sameQuantity(a: unknown, b: unknown): boolean {
  const [x, y] = [quantityOf(a), quantityOf(b)];
  return Math.abs(x - y) <= Math.abs(x) * 1e-12;
}

/** How much a quantity is; NaN where it is none. */
export function quantityOf(value: unknown): number {
  if (typeof value === 'number') return value;
  const [, digits, exponent = '', suffix = ''] =
    (typeof value === 'string' && QUANTITY.exec(value)) || [];
  return digits === undefined ? Number.NaN : Number(digits + exponent) * (SUFFIXES[suffix] ?? 1);
}
