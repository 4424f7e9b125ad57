/**
 * The order of the programs in each round of a comparison.
 *
 * A program affects the one that runs after it: by pages in the cache, by freed memory, by journal writes. The orders
 * are therefore the rows of a Williams design (Williams 1949). Within `count` rounds, or `2 * count` if `count` is odd,
 * each program runs first equally often and follows each other program equally often.
 *
 * @module
 */

/** Returns the order of a round, as positions from 0 to `count - 1`. */
export function orderOf(count: number, round: number): readonly number[] {
  // 0, 1, n-1, 2, n-2, …: the differences between neighbours are all distinct.
  const zigzag = Array.from({ length: count }, (_, i) => i % 2 === 1 ? (i + 1) / 2 : (count - i / 2) % count);
  // With an odd count each difference occurs twice per row; the reversed rows balance that.
  const isOdd = count % 2 === 1;
  const row = isOdd && round % 2 === 1 ? zigzag.toReversed() : zigzag;
  const shift = isOdd ? Math.floor(round / 2) : round;
  return row.map((position) => (position + shift) % count);
}

/** Returns the items in the order of a round. */
export function interleaved<T>(items: readonly T[], round: number): readonly T[] {
  return orderOf(items.length, round).flatMap((position) => items.slice(position, position + 1));
}
