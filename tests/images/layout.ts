/**
 * Test images as OCI image layouts on disk (OCI image spec 1.1, image-layout.md).
 *
 * @module
 */
import { algorithmOf, type Digest, hexOf } from "../../src/oci/digest.ts";
import { OCI_INDEX } from "../../src/oci/media_type.ts";
import { describe, type TestArtifact } from "./image.ts";

/** Writes a new layout with one artifact, under a name such as `v1`. */
export async function writeLayout(directory: string, name: string, artifact: TestArtifact): Promise<void> {
  const place = async (digest: Digest): Promise<string> => {
    await Deno.mkdir(`${directory}/blobs/${algorithmOf(digest)}`, { recursive: true });
    return `${directory}/blobs/${algorithmOf(digest)}/${hexOf(digest)}`;
  };
  for (const { digest, bytes } of artifact.documents) await Deno.writeFile(await place(digest), bytes);
  for (const blob of artifact.blobs) {
    using file = await Deno.open(await place(blob.digest), { write: true, create: true, truncate: true });
    for (const chunk of blob.read(0, blob.size)) {
      for (let at = 0; at < chunk.length;) at += await file.write(chunk.subarray(at));
    }
  }
  const annotations = { "org.opencontainers.image.ref.name": name };
  const index = {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: [describe(artifact.root, { annotations })],
  };
  await Deno.writeTextFile(`${directory}/index.json`, JSON.stringify(index));
  await Deno.writeTextFile(`${directory}/oci-layout`, JSON.stringify({ imageLayoutVersion: "1.0.0" }));
}
