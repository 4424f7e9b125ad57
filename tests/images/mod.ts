/**
 * Generated images, for tests and the demo.
 *
 * @example
 * ```ts
 * import { buildImage, buildIndex } from "./mod.ts";
 *
 * const image = await buildImage({ format: "docker", layers: [{ size: 5000 }, { compression: "zstd" }] });
 * const index = await buildIndex({ platforms: ["linux/amd64", "linux/arm/v7"], attestations: true });
 * ```
 *
 * @module
 */
export { BAD_KINDS, type BadKind, buildBad } from "./bad.ts";
export { type ByteSource, memoryBlob, type TestBlob } from "./blob.ts";
export type { Compression } from "./compress.ts";
export { compressibleBytes, endlessSource, randomBytes } from "./content.ts";
export {
  type ArtifactSpec,
  buildArtifact,
  buildDocument,
  buildImage,
  describe,
  type ImageSpec,
  type TestArtifact,
  type TestDocument,
  type TestImage,
} from "./image.ts";
export { buildIndex, indexOf, type IndexSpec, nest, type TestIndex } from "./index.ts";
export { base64, buildLayer, type Format, type LayerSpec, type TestLayer } from "./layer.ts";
export { writeLayout } from "./layout.ts";
export { type TarEntry, tarSource } from "./tar.ts";
