/**
 * The hash of an ingest, by whichever way is cheaper for its size.
 *
 * @module
 */
import { findHashing, type HashAlgorithm, hashHex, loadHashing } from "../base/hash.ts";

/** A hash that grows with the bytes of an ingest. */
export interface RunningHash {
  /** Takes the next bytes; they may be changed by the caller afterwards. */
  update(bytes: Uint8Array): void;
  /** Lower-case hexadecimal. Ends the hash. */
  hex(): Promise<string>;
}

/**
 * Begins a hash of at most `size` bytes. Loading the streaming code costs 19 ms the first time: a pull of nothing but
 * small blobs does without it, since those can wait in memory.
 *
 * @param small blobs of at most so many bytes are hashed in one go
 */
export async function beginHash(
  algorithm: HashAlgorithm,
  size: number,
  small: number,
): Promise<RunningHash> {
  // Where it is loaded it beats the other way for small ones too, which hands each of them to a thread.
  const make = findHashing() ?? (size > small ? await loadHashing() : undefined);
  if (make !== undefined) {
    const hasher = make(algorithm);
    return { update: (bytes) => hasher.update(bytes), hex: () => Promise.resolve(hasher.hex()) };
  }
  const whole = new Uint8Array(size);
  let filled = 0;
  return {
    update(bytes) {
      whole.set(bytes, filled);
      filled += bytes.length;
    },
    hex: () => hashHex(algorithm, filled === size ? whole : whole.slice(0, filled)),
  };
}
