/**
 * Indexes of images, with the attestations that real ones contain.
 *
 * @module
 */
import type { HashAlgorithm } from "../../src/base/hash.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { DOCKER_LIST, OCI_INDEX } from "../../src/oci/media_type.ts";
import {
  buildDocument,
  buildImage,
  describe,
  type ImageSpec,
  type TestArtifact,
  type TestImage,
} from "./image.ts";
import type { Format } from "./layer.ts";

/** An index of images by platform. */
export interface TestIndex extends TestArtifact {
  /** In the order of the index. */
  readonly images: readonly TestImage[];
}

/** Options of an index. */
export interface IndexSpec {
  /** @default {"oci"} */
  readonly format?: Format;
  /** One image each. @default linux/amd64 and linux/arm64 */
  readonly platforms?: readonly string[];
  /** Options of each image. Seeds differ by platform, so that no layer is shared. */
  readonly image?: ImageSpec;
  /** Adds an attestation for each image, with the platform unknown/unknown, as BuildKit does. */
  readonly attestations?: boolean;
  /** Omits the platform from the descriptors, so that only the configs have it. */
  readonly withoutPlatforms?: boolean;
  readonly algorithm?: HashAlgorithm;
}

/** Makes an index with one image per platform. */
export async function buildIndex(spec: IndexSpec = {}): Promise<TestIndex> {
  const { format = "oci", platforms = ["linux/amd64", "linux/arm64"] } = spec;
  const images: TestImage[] = [];
  const entries: Descriptor[] = [];
  const others: TestArtifact[] = [];
  for (const [i, platform] of platforms.entries()) {
    const seed = (spec.image?.seed ?? 1) * 100 + i;
    const image = await buildImage({ format, ...spec.image, seed, platform });
    images.push(image);
    entries.push(describe(image.root, spec.withoutPlatforms ? {} : { platform: image.platform }));
  }
  if (spec.attestations) {
    for (const image of images) {
      const attestation = await buildAttestation(image);
      others.push(attestation);
      entries.push(describe(attestation.root, {
        platform: { os: "unknown", architecture: "unknown" },
        annotations: {
          "vnd.docker.reference.type": "attestation-manifest",
          "vnd.docker.reference.digest": image.root.digest,
        },
      }));
    }
  }
  const all = [...images, ...others];
  return { ...await indexOf(format, entries, all, spec.algorithm), images };
}

/** Makes an index of the given entries. `parts` must be pushed with it. */
export async function indexOf(
  format: Format,
  entries: readonly Descriptor[],
  parts: readonly TestArtifact[],
  algorithm: HashAlgorithm = "sha256",
): Promise<TestArtifact> {
  const mediaType = format === "oci" ? OCI_INDEX : DOCKER_LIST;
  const root = await buildDocument(mediaType, { schemaVersion: 2, mediaType, manifests: entries }, algorithm);
  return {
    root,
    documents: [...parts.flatMap((part) => part.documents), root],
    blobs: parts.flatMap((part) => part.blobs),
  };
}

/** Wraps an artifact in `depth` nested indexes. */
export async function nest(
  artifact: TestArtifact,
  depth: number,
  entry: Partial<Descriptor> = {},
): Promise<TestArtifact> {
  let nested = artifact;
  for (let i = 0; i < depth; i++) {
    nested = await indexOf("oci", [describe(nested.root, i === 0 ? entry : {})], [nested]);
  }
  return nested;
}

/** Makes an attestation as BuildKit does: a manifest of in-toto statements. */
async function buildAttestation(image: TestImage): Promise<TestImage> {
  return await buildImage({
    platform: "unknown/unknown",
    layers: [{
      mediaType: "application/vnd.in-toto+json",
      compression: "none",
      entries: [{ name: "statement.json", content: JSON.stringify({ subject: image.root.digest }) }],
    }],
  });
}
