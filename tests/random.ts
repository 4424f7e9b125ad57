/**
 * Random values for tests, which a run with the same seed draws again:
 *
 * ```sh
 * DRAY_TEST_SEED=123456 deno test --allow-all src/http2/fuzz_test.ts
 * ```
 *
 * For bytes that need not differ between runs, use `randomBytes` of tests/images instead.
 *
 * @module
 */

const SEED_VARIABLE = "DRAY_TEST_SEED";

// Read here, because a test may run without permission to read the environment.
const seed = Number(Deno.env.get(SEED_VARIABLE) ?? crypto.getRandomValues(new Uint32Array(1))[0]);
if (!Number.isSafeInteger(seed)) throw new Error(`${SEED_VARIABLE} is not an integer`);

/** Draws an integer from 0 to `limit - 1`. `limit` is at most 2^32. */
export type Draw = (limit: number) => number;

/**
 * Makes a generator (mulberry32), and prints the seed: also a test that hangs or crashes must show it.
 *
 * @param stream generators of one test that run in parallel need different numbers; otherwise they draw equal
 *   values
 */
export function seededRandom(stream = 0): Draw {
  console.log(`${SEED_VARIABLE}=${seed}`);
  let state = seed + Math.imul(stream, 0x9e3779b9);
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor(((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32 * limit);
  };
}
