/**
 * Pushes generated images to a real registry without authentication (distribution spec 1.1, "Pushing blobs").
 *
 * @module
 */
import type { TestArtifact, TestBlob } from "../images/mod.ts";

/** Pushes an artifact with everything that it references, and returns its reference. */
export async function pushTo(
  origin: string,
  repository: string,
  tag: string,
  artifact: TestArtifact,
): Promise<string> {
  const base = `${origin}/v2/${repository}`;
  for (const blob of artifact.blobs) await pushBlob(base, blob);
  for (const document of artifact.documents) {
    const name = document === artifact.root ? tag : document.digest;
    const response = await fetch(`${base}/manifests/${name}`, {
      method: "PUT",
      headers: { "content-type": document.mediaType },
      body: document.bytes,
    });
    await expect(response, 201);
  }
  return `${new URL(origin).host}/${repository}:${tag}`;
}

async function pushBlob(base: string, blob: TestBlob): Promise<void> {
  const begun = await fetch(`${base}/blobs/uploads/`, { method: "POST" });
  await expect(begun, 202);
  const location = new URL(begun.headers.get("location") ?? "", base);
  location.searchParams.set("digest", blob.digest);
  const chunks = blob.read(0, blob.size);
  const body = ReadableStream.from(copies(chunks));
  await expect(await fetch(location, { method: "PUT", body }), 201);
}

/** Streams a copy of each chunk, because a blob may reuse the chunk's memory. */
function* copies(chunks: Iterable<Uint8Array>): Iterable<Uint8Array<ArrayBuffer>> {
  for (const chunk of chunks) yield new Uint8Array(chunk);
}

async function expect(response: Response, status: number): Promise<void> {
  const text = await response.text();
  if (response.status !== status) throw new Error(`${response.url} returned ${response.status}: ${text}`);
}
