/**
 * The nearest known word to one that isn't known.
 *
 * @module
 */

/** Longer words are not compared: nobody mistypes that much, and the work grows with the square. */
const MAX_LENGTH = 40;

/**
 * The known word that a mistyped one was meant to be, or undefined if none is near: at most a third of its letters
 * changed, left out, added, or swapped with their neighbour. A word that goes on with more letters counts as near.
 */
export function suggest(word: string, known: Iterable<string>): string | undefined {
  if (word.length > MAX_LENGTH) return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const distance = word.length >= 2 && candidate.startsWith(word) ? 0.5 : distanceOf(word, candidate);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Changes of one letter, and swaps of two neighbours, that make `a` into `b`. */
function distanceOf(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number) => rows[row]?.[column] ?? Infinity;
  for (let i = 1; i <= a.length; i++) {
    rows[i] = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (same ? 0 : 1));
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, at(i - 2, j - 2) + 1);
      rows[i]?.push(least);
    }
  }
  return at(a.length, b.length);
}
