/**
 * Hashing stored blobs.
 *
 * @module
 */
import { KIB } from "../../base/bytes.ts";
import { type Hasher, loadHashing } from "../../base/hash.ts";
import type { ContentReader } from "../../content/store.ts";
import { algorithmOf, type Digest } from "../../oci/digest.ts";

const BUFFER_BYTES = 256 * KIB;

/**
 * Hashes a stored blob.
 *
 * @returns the hash in hexadecimal, with the algorithm of the digest
 * @throws AppError `not_found`, the errors of reading the file, or the signal's reason
 */
export async function hashBlob(store: ContentReader, digest: Digest, signal: AbortSignal): Promise<string> {
  const hasher: Hasher = (await loadHashing())(algorithmOf(digest));
  using blob = await store.openBlob(digest);
  const buffer = new Uint8Array(BUFFER_BYTES);
  for (;;) {
    signal.throwIfAborted();
    const n = await blob.read(buffer);
    if (n === null) return hasher.hex();
    hasher.update(buffer.subarray(0, n));
  }
}
