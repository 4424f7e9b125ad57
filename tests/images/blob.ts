/**
 * Blobs of test images: bytes in memory, or bytes made on the fly so that a layer of a gigabyte costs no memory.
 *
 * @module
 */
import { type HashAlgorithm, loadHashing } from "../../src/base/hash.ts";
import { type Digest, digestOf, makeDigest } from "../../src/oci/digest.ts";

/** Bytes that can be read from any offset. */
export interface TestBlob {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  /** The bytes of `[start, end)`, in chunks that the reader may not keep. */
  read(start: number, end: number): Iterable<Uint8Array>;
}

/** Where bytes come from, before they have a digest. */
export type ByteSource = Omit<TestBlob, "digest">;

/** A blob of bytes in memory. */
export async function memoryBlob(
  bytes: Uint8Array<ArrayBuffer>,
  algorithm: HashAlgorithm = "sha256",
): Promise<TestBlob> {
  return { ...memorySource(bytes), digest: await digestOf(bytes, algorithm) };
}

/** A source of bytes in memory. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: (start, end) => end > start ? [bytes.subarray(start, end)] : [] };
}

/** Several sources one after the other. */
export function joinSources(parts: readonly ByteSource[]): ByteSource {
  return {
    size: parts.reduce((sum, part) => sum + part.size, 0),
    *read(start, end) {
      let base = 0;
      for (const part of parts) {
        const from = Math.max(start - base, 0);
        const to = Math.min(end - base, part.size);
        if (from < to) yield* part.read(from, to);
        base += part.size;
      }
    },
  };
}

/** Gives a source its digest, by hashing all of it in pieces. */
export async function sourceBlob(source: ByteSource, algorithm: HashAlgorithm = "sha256"): Promise<TestBlob> {
  const hasher = (await loadHashing())(algorithm);
  for (const chunk of source.read(0, source.size)) hasher.update(chunk);
  return { size: source.size, read: source.read, digest: makeDigest(algorithm, hasher.hex()) };
}
