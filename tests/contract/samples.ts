/**
 * Blobs for tests of a store. Separate from the suites, so that another process can create the same ones.
 *
 * @module
 */
import { neverAborted } from "../../src/base/concurrency/abort.ts";
import type { ContentStore } from "../../src/content/store.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { digestOf } from "../../src/oci/digest.ts";

/** Bytes and their descriptor. */
export interface Sample {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly descriptor: Descriptor;
}

/** Creates a blob of `size` bytes. Different seeds give different bytes. */
export async function sampleOf(
  size: number,
  seed = 1,
  algorithm: "sha256" | "sha384" | "sha512" = "sha256",
): Promise<Sample> {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + seed * 97 + (i >> 8)) % 251;
  const digest = await digestOf(bytes, algorithm);
  return { bytes, descriptor: { mediaType: "application/octet-stream", digest, size } };
}

/** Puts a sample into a store. */
export async function addSample(store: ContentStore, { bytes, descriptor }: Sample): Promise<void> {
  await using ingest = await store.beginIngest(descriptor, neverAborted());
  ingest?.write(bytes);
  await ingest?.commit();
}
