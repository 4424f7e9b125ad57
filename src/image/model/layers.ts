/**
 * Finding an image with its layers, ready to be unpacked.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import type { ContentReader } from "../../content/store.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Manifest } from "../../oci/document.ts";
import type { ImageConfig } from "../../oci/image_config.ts";
import type { Digest } from "../../oci/digest.ts";
import type { OpenLayer } from "../../unpack/unpack.ts";
import { listsManifest } from "./checked_records.ts";
import { documentFinder, readDocument, readImageManifest } from "./documents.ts";
import { findImage, type FoundImage } from "./find.ts";
import { isDigestName } from "./group.ts";
import { checkLayerContent } from "./layer_content.ts";
import type { ImageStorage } from "./deps.ts";
import { readConfig } from "./inspect.ts";
import type { ImageSummary } from "./types.ts";

/** An image that can be unpacked. */
export interface LayeredImage {
  readonly summary: ImageSummary;
  readonly document: Manifest;
  readonly config: ImageConfig;
}

/**
 * Finds an image and reads its documents.
 *
 * @throws AppError `not_found`; `unsupported` for an artifact; `invalid_content` if config and manifest have different
 * numbers of layers; `store_corrupt`
 */
export async function findLayered(store: ImageStorage, image: string): Promise<LayeredImage> {
  return await layeredOf(store, await findImage(store, image), image);
}

/**
 * Finds an image whose layers can be unpacked. If several manifests share the image id, one of them can have
 * other layers than the config names; the first manifest with the right layers is returned.
 *
 * @throws AppError like {@linkcode findLayered}; the error of the most recently pulled manifest if none has
 * the right layers
 */
export async function findUnpackable(
  store: ImageStorage,
  image: string,
  signal: AbortSignal,
): Promise<LayeredImage> {
  const match = await findImage(store, image);
  const { groups } = match;
  if (groups.length === 1) return await layeredOf(store, match, image);
  const failures: unknown[] = [];
  for (const group of groups) {
    try {
      const found = await layeredOf(store, group, image);
      await checkLayerContent(store, found.document.layers, found.config.diffIds, signal);
      return found;
    } catch (error) {
      signal.throwIfAborted();
      failures.push(error);
    }
  }
  throw failures[0];
}

async function layeredOf(
  store: ImageStorage,
  { summary, name }: Pick<FoundImage, "summary" | "name">,
  image: string,
): Promise<LayeredImage> {
  if (name !== undefined && isDigestName(name)) await checkTarget(store, summary, image);
  if (summary.kind !== "image") {
    throw new AppError("unsupported", `Cannot unpack "${image}": it is an artifact, not an image`);
  }
  const document = await readImageManifest(store, summary.manifest, `Cannot unpack "${image}"`);
  const config = await readConfig(store, document);
  if (config.diffIds.length !== document.layers.length) {
    throw new AppError(
      "invalid_content",
      `Cannot unpack "${image}": its config has ${config.diffIds.length} layers, but its manifest has ${document.layers.length}`,
    );
  }
  return { summary, document, config };
}

/**
 * A digest in a name promises content. Without the index that has the digest, nothing proves that it lists
 * the manifest.
 *
 * @throws AppError `store_corrupt`
 */
async function checkTarget(
  store: ContentReader,
  { target, manifest }: ImageSummary,
  image: string,
): Promise<void> {
  if (target.digest === manifest.digest) return;
  if (await listsManifest(documentFinder(store), await readDocument(store, target), manifest.digest)) return;
  throw new AppError(
    "store_corrupt",
    `Cannot unpack "${image}": its index doesn't list the manifest "${manifest.digest}"`,
  );
}

/** Returns functions that open the layers, lowest first. Dispose each opened layer. */
export function layersOf(
  store: ContentReader,
  { document, config }: Pick<LayeredImage, "document" | "config">,
): readonly OpenLayer[] {
  return document.layers.map((layer, i) => openerOf(store, layer, config.diffIds[i] as Digest));
}

/** Returns a function that opens one layer. */
export function openerOf(store: ContentReader, { digest, mediaType }: Descriptor, diffId: Digest): OpenLayer {
  return async () => {
    const blob = await store.openBlob(digest);
    const { path, size } = blob;
    return {
      reader: blob,
      ...path !== undefined && { file: { path, size } },
      mediaType,
      diffId,
      [Symbol.dispose]: () => blob[Symbol.dispose](),
    };
  };
}
