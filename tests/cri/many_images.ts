/**
 * A store with very many images, as on a long-lived node or a build farm, written directly to the disk.
 *
 * Layers are empty files of the right size, which several images share: lists and statuses check them but
 * don't read them.
 *
 * @module
 */
import { digestOf } from "../../src/oci/digest.ts";
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from "../../src/oci/media_type.ts";
import { openStore } from "../../src/store/store.ts";
import { neverAborted } from "../../src/base/concurrency/abort.ts";
import type { ImageRecord } from "../../src/content/image_store.ts";

const LAYERS = 6;
/** Number of different stacks of layers. */
const STACKS = 100;

async function blob(root: string, mediaType: string, value: unknown) {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  const digest = await digestOf(bytes);
  await Deno.writeFile(`${root}/blobs/sha256/${digest.slice(7)}`, bytes);
  return { mediaType, digest, size: bytes.length };
}

async function record(root: string, i: number, note: string): Promise<ImageRecord> {
  const config = await blob(root, OCI_CONFIG, {
    os: "linux",
    architecture: "amd64",
    config: { User: i % 2 === 0 ? String(i) : `user-${i}`, Cmd: ["/bin/sh"] },
    rootfs: { type: "layers", diff_ids: await Promise.all(layerDigests(i)) },
  });
  const digests = await Promise.all(layerDigests(i));
  const layers = digests.map((digest, j) => ({ mediaType: OCI_LAYER_GZIP, digest, size: sizeOfLayer(i, j) }));
  const manifest = await blob(root, OCI_MANIFEST, {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config,
    layers,
    annotations: { "org.opencontainers.image.version": `${i}`, ...(note === "" ? {} : { note }) },
  });
  return {
    name: nameOf(i),
    target: manifest,
    manifest,
    scope: "one-platform",
    imageId: config.digest,
    kind: "image",
    platform: { os: "linux", architecture: "amd64" },
    size: [manifest, config, ...layers].reduce((sum, { size }) => sum + size, 0),
    pinned: false,
    pulledAt: 1_700_000_000_000 + i,
    origins: [nameOf(i).replace(/:[^:]*$/, "")],
  };
}

function layerDigests(i: number) {
  return Array.from(
    { length: LAYERS },
    (_, j) => digestOf(new TextEncoder().encode(`layer ${i % STACKS} ${j}`)),
  );
}

function sizeOfLayer(i: number, j: number): number {
  return 1_000_000 + i % STACKS + j;
}

async function makeLayers(root: string): Promise<void> {
  for (let i = 0; i < STACKS; i++) {
    for (const [j, digest] of (await Promise.all(layerDigests(i))).entries()) {
      using file = await Deno.create(`${root}/blobs/sha256/${digest.slice(7)}`);
      await file.truncate(sizeOfLayer(i, j));
    }
  }
}

/** Returns the name of an image of that store. */
export function nameOf(i: number): string {
  return `registry.example/team-${i % 97}/service-${i}:v1.${i % 13}.${i % 7}`;
}

/**
 * Creates the store. Each image has a tag and a digest.
 *
 * @param noteBytes the length of an annotation, which makes responses large
 */
export async function makeManyImages(root: string, count: number, noteBytes = 0): Promise<void> {
  const store = await openStore(root);
  await Deno.mkdir(`${root}/blobs/sha256`, { recursive: true });
  await makeLayers(root);
  const records: ImageRecord[] = [];
  for (let i = 0; i < count; i++) {
    const tagged = await record(root, i, "x".repeat(noteBytes));
    const [repository = ""] = tagged.origins;
    records.push(tagged, { ...tagged, name: `${repository}@${tagged.target.digest}` });
  }
  await store.updateImages(() => records, neverAborted());
}
