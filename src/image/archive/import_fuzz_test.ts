import { assert, assertEquals } from "../../../tests/assert.ts";
import { type Draw, seededRandom } from "../../../tests/random.ts";
import { makeFixture } from "../../../tests/fakes/fixture.ts";
import { buildImage, describe, type TarEntry, tarSource } from "../../../tests/images/mod.ts";
import { neverAborted } from "../../base/concurrency/abort.ts";
import { concatBytes } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import { verifyStore } from "../verify/verify.ts";
import { tarFiles } from "./archive_source.ts";
import { importImages } from "./import.ts";

const ROUNDS = 300;

/** An OCI archive that is also a Docker archive; its layer is uncompressed, so that any byte can be changed. */
async function archive(): Promise<Uint8Array<ArrayBuffer>> {
  const image = await buildImage({ layers: [{ size: 2000, compression: "none" }] });
  const layer = image.layers[0]?.blob;
  assert(layer);
  const bytesOf = (blob: { read(from: number, to: number): Iterable<Uint8Array>; size: number }) =>
    concatBytes([...blob.read(0, blob.size)].map((chunk) => chunk.slice()));
  const nameOf = (digest: string) => `blobs/${digest.replace(":", "/")}`;
  const index = { schemaVersion: 2, manifests: [describe(image.root)] };
  const docker = [{
    Config: nameOf(image.config.digest),
    RepoTags: ["x:1"],
    Layers: [nameOf(layer.digest)],
  }];
  const entries: TarEntry[] = [
    { name: "oci-layout", content: '{"imageLayoutVersion":"1.0.0"}' },
    { name: "index.json", content: JSON.stringify(index) },
    { name: "manifest.json", content: JSON.stringify(docker) },
    { name: nameOf(image.root.digest), content: image.root.bytes },
    { name: nameOf(image.config.digest), content: image.configBytes },
    { name: nameOf(layer.digest), content: bytesOf(layer) },
  ];
  return bytesOf(tarSource(entries));
}

type Damage = (bytes: Uint8Array<ArrayBuffer>, draw: Draw) => Uint8Array<ArrayBuffer>;

const DAMAGES: Readonly<Record<string, Damage>> = {
  "a changed byte": (bytes, draw) => {
    bytes[draw(bytes.length)] = draw(256);
    return bytes;
  },
  "some changed bytes": (bytes, draw) => {
    for (let i = 0; i < 20; i++) bytes[draw(bytes.length)] = draw(256);
    return bytes;
  },
  "a truncation": (bytes, draw) => bytes.slice(0, draw(bytes.length)),
  "blocks in another order": (bytes, draw) => {
    const [a, b] = [draw(bytes.length / 512) * 512, draw(bytes.length / 512) * 512];
    const saved = bytes.slice(a, a + 512);
    bytes.copyWithin(a, b, b + 512);
    bytes.set(saved, b);
    return bytes;
  },
  "replaced text": (bytes, draw) => {
    const at = draw(bytes.length - 8);
    bytes.set(
      new TextEncoder().encode(["../../..", "[[[[[[[[", '"size":9', "\0\0\0\0\0\0\0\0"][draw(4)]),
      at,
    );
    return bytes;
  },
};

Deno.test("importImages() imports a damaged archive completely or not at all, and the store stays intact", async (t) => {
  const good = await archive();
  for (const [what, damage] of Object.entries(DAMAGES)) {
    await t.step(what, async () => {
      await using fixture = await makeFixture();
      const draw = seededRandom();
      let taken = 0;
      for (let round = 0; round < ROUNDS / 5; round++) {
        const bytes = damage(good.slice(), draw);
        let at = 0;
        const source = tarFiles({
          read(buffer) {
            const chunk = bytes.subarray(at, at + buffer.length);
            if (chunk.length === 0) return Promise.resolve(null);
            buffer.set(chunk);
            at += chunk.length;
            return Promise.resolve(chunk.length);
          },
        }, neverAborted());
        try {
          await importImages(fixture.store, source, { name: `a.b/c:${round}` }, neverAborted());
          taken++;
        } catch (error) {
          assert(error instanceof AppError, String(error));
          assert(error.code !== "internal", error.message);
        }
      }
      const tags = (await fixture.store.listImages()).filter(({ name }) => !name.includes("@"));
      assertEquals(tags.length, taken);
      assertEquals((await verifyStore(fixture.deps)).faults, []);
    });
  }
});
