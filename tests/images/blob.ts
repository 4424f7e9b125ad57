/**
 * Blobs of test images: bytes in memory, or bytes generated while read, so that a layer of a gigabyte needs
 * no memory.
 *
 * @module
 */
import { type HashAlgorithm, loadHashing } from "../../src/base/hash.ts";
import { type Digest, digestOf, makeDigest } from "../../src/oci/digest.ts";

/** Bytes that can be read from any offset. */
export interface TestBlob {
  readonly digest: Digest;
  /** Length in bytes. */
  readonly size: number;
  /** Returns the bytes of `[start, end)`, in chunks that are only valid until the next one. */
  read(start: number, end: number): Iterable<Uint8Array>;
}

/** A source of bytes whose digest isn't known yet. */
export type ByteSource = Omit<TestBlob, "digest">;

/** Makes a blob of bytes in memory. */
export async function memoryBlob(
  bytes: Uint8Array<ArrayBuffer>,
  algorithm: HashAlgorithm = "sha256",
): Promise<TestBlob> {
  return { ...memorySource(bytes), digest: await digestOf(bytes, algorithm) };
}

/** Makes a source of bytes in memory. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: (start, end) => end > start ? [bytes.subarray(start, end)] : [] };
}

/** Concatenates sources. */
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

/** Computes the digest of a source, in pieces. */
export async function sourceBlob(source: ByteSource, algorithm: HashAlgorithm = "sha256"): Promise<TestBlob> {
  const hasher = (await loadHashing())(algorithm);
  for (const chunk of source.read(0, source.size)) hasher.update(chunk);
  return { size: source.size, read: source.read, digest: makeDigest(algorithm, hasher.hex()) };
}
