import { concatBytes, GIB } from "../../src/base/bytes.ts";
import { parseDocument } from "../../src/oci/document.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { BAD_KINDS, buildArtifact, buildBad, buildImage, buildIndex, endlessSource, nest } from "./mod.ts";

Deno.test("buildImage() makes documents that parse, and blobs that match their descriptors", async () => {
  for (const format of ["oci", "docker"] as const) {
    for (const compression of ["gzip", "zstd", "none"] as const) {
      const image = await buildImage({ format, layers: [{ compression }, { compression }] });
      const manifest = parseDocument(image.root.bytes, image.root.mediaType, "m");
      assert(manifest.kind === "manifest");
      assertEquals(manifest.layers.map((layer) => layer.digest), image.layers.map((l) => l.blob.digest));
      assertEquals(new Set(image.blobs.map((blob) => blob.digest)).size, 3);
      for (const blob of image.blobs) {
        const bytes = concatBytes([...blob.read(0, blob.size)]);
        assertEquals([await digestOf(bytes), bytes.length], [blob.digest, blob.size]);
      }
    }
  }
});

Deno.test("buildLayer() compresses an archive that matches its diffId", async () => {
  const image = await buildImage({ layers: [{ size: 70_000, compressible: true }] });
  const [layer] = image.layers;
  assert(layer !== undefined && layer.blob.size < 20_000);
  const packed = new Blob([concatBytes([...layer.blob.read(0, layer.blob.size)])]);
  const plain = await new Response(packed.stream().pipeThrough(new DecompressionStream("gzip"))).bytes();
  assertEquals(await digestOf(plain), layer.diffId);
});

Deno.test("buildIndex() lists every image and attestation, and nests", async () => {
  const index = await buildIndex({ attestations: true });
  const document = parseDocument(index.root.bytes, index.root.mediaType, "i");
  assert(document.kind === "index");
  assertEquals(document.manifests.map((m) => m.platform?.architecture), [
    "amd64",
    "arm64",
    "unknown",
    "unknown",
  ]);
  assertEquals((await nest(index, 3)).documents.length, index.documents.length + 3);
  assertEquals((await buildArtifact()).blobs.length, 2);
});

Deno.test("buildBad() makes documents that are refused", async (t) => {
  for (const kind of BAD_KINDS) {
    await t.step(kind, async () => {
      const { root } = await buildBad(kind);
      assertThrows(() => parseDocument(root.bytes, root.mediaType, "d"));
    });
  }
});

Deno.test("endlessSource() gives the same bytes from any offset", () => {
  const source = endlessSource(GIB, 3);
  const at = 5 * 1024 * 1024 - 3;
  const whole = concatBytes([...source.read(at, at + 20)]);
  for (let i = 0; i < 20; i++) assertEquals([...source.read(at + i, at + i + 1)][0]?.[0], whole[i]);
});
