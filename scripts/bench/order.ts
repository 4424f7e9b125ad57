/**
 * Who goes first: the order of the contenders in each round of a race.
 *
 * @module
 */

/**
 * The order of a round, as positions from 0.
 *
 * What one program leaves behind (pages in the cache, memory that is warm or cold, journals to write) meets the one
 * after it, so nobody may always follow the same one. These are the rows of a Williams design (Williams 1949): within
 * `count` rounds, or `2 * count` if it is odd, everybody goes first equally often and follows everybody else equally
 * often.
 */
export function orderOf(count: number, round: number): readonly number[] {
  // 0, 1, n-1, 2, n-2, …: the steps between neighbours are all different.
  const zigzag = Array.from({ length: count }, (_, i) => i % 2 === 1 ? (i + 1) / 2 : (count - i / 2) % count);
  // With an odd count each step comes twice in a row; the rows read backwards make up for that.
  const isOdd = count % 2 === 1;
  const row = isOdd && round % 2 === 1 ? zigzag.toReversed() : zigzag;
  const shift = isOdd ? Math.floor(round / 2) : round;
  return row.map((position) => (position + shift) % count);
}

/** The items in the order of a round. */
export function inTurn<T>(items: readonly T[], round: number): readonly T[] {
  return orderOf(items.length, round).flatMap((position) => items.slice(position, position + 1));
}
