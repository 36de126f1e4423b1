/** Integer arithmetic on minor units, exact whatever the size (domain.md 6.1). Everything here takes and gives integers >= 0. */

/** Amounts and counters are capped at what JSON and a double carry exactly (decisions.md 18). */
export const money_max = Number.MAX_SAFE_INTEGER;
export const ppm = 1_000_000;

/** floor(a * b / c). */
export function floor_ratio(a: number, b: number, c: number): number {
  const product = a * b;
  if (product > money_max) return Number((BigInt(a) * BigInt(b)) / BigInt(c));
  // The remainder of doubles is exact, and so is the division of what it leaves.
  return (product - (product % c)) / c;
}

/** round(a * b / c), half up: the one rounding of money there is. */
export function round_ratio(a: number, b: number, c: number): number {
  const product = a * b;
  if (product > money_max) {
    const divisor = BigInt(c);
    return Number((2n * BigInt(a) * BigInt(b) + divisor) / (2n * divisor));
  }
  const remainder = product % c;
  return (product - remainder) / c + (2 * remainder >= c ? 1 : 0);
}

/** a * b mod c. */
function remainder_of(a: number, b: number, c: number): number {
  const product = a * b;
  return product > money_max ? Number((BigInt(a) * BigInt(b)) % BigInt(c)) : product % c;
}

/** `amount` in proportion to the weights, to the last unit: floors, then one spare unit each to the largest fractions, ties to the earlier. */
export function spread(amount: number, weights: readonly number[]): number[] {
  let total = 0;
  for (const weight of weights) total += weight;
  if (amount === 0 || total === 0) return weights.map(() => 0);
  const shares = weights.map(weight => floor_ratio(amount, weight, total));
  let spare = amount;
  for (const share of shares) spare -= share;
  if (spare === 0) return shares;
  const fractions = weights.map(weight => remainder_of(amount, weight, total));
  const by_fraction = weights.map((_, place) => place).sort((a, b) => (fractions[b] ?? 0) - (fractions[a] ?? 0) || a - b);
  for (const place of by_fraction.slice(0, spare)) shares[place] = (shares[place] ?? 0) + 1;
  return shares;
}
