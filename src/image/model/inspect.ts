/**
 * Everything that the store knows about one image.
 *
 * @module
 */
import { neverAborted } from "../../base/concurrency/abort.ts";
import type { ContentReader } from "../../content/store.ts";
import { type Manifest, MANIFEST_MAX_BYTES } from "../../oci/document.ts";
import { AppError } from "../../base/errors.ts";
import {
  chainIdsOf,
  CONFIG_MAX_BYTES,
  type ImageConfig,
  isArtifactConfig,
  parseImageConfig,
} from "../../oci/image_config.ts";
import { isIndexType } from "../../oci/media_type.ts";
import { emptyIndex } from "./checked_records.ts";
import { walkIndexes } from "./choose.ts";
import type { ImageDeps } from "./deps.ts";
import {
  documentFrom,
  findVerified,
  type LoadedDocument,
  readDocument,
  readImageManifest,
  readVerified,
} from "./documents.ts";
import { findImage } from "./find.ts";
import type { ImageDetails, ImageSummary, LayerDetails, PlatformDetails } from "./types.ts";

/**
 * Finds an image and reads its documents.
 *
 * @throws AppError `not_found`; `store_corrupt` if a document is missing or damaged
 */
export async function inspectImage(
  { store }: Pick<ImageDeps, "store">,
  image: string,
): Promise<ImageDetails> {
  const { summary } = await findImage(store, image);
  const document = await readImageManifest(store, summary.manifest, `Cannot inspect "${image}"`);
  const imageConfig = summary.kind === "image" ? await readConfig(store, document) : undefined;
  return {
    ...summary,
    config: document.config,
    ...(imageConfig && { imageConfig }),
    layers: await layerDetailsOf(store, document, imageConfig),
    platforms: await platformsOf(store, summary),
    annotations: document.annotations ?? {},
  };
}

/**
 * Reads the image config of a stored manifest.
 *
 * @throws AppError `store_corrupt`, `invalid_content`, or `unsupported` for the config of an artifact
 */
export async function readConfig(store: ContentReader, { config, layers }: Manifest): Promise<ImageConfig> {
  const what = `config "${config.digest}"`;
  const bytes = await readVerified(store, config, CONFIG_MAX_BYTES, what);
  if (isArtifactConfig(bytes, layers.length)) {
    throw new AppError("unsupported", `Cannot read ${what}: it belongs to an artifact, not to an image`);
  }
  return parseImageConfig(bytes, what);
}

async function layerDetailsOf(
  store: ContentReader,
  { layers }: Manifest,
  config: ImageConfig | undefined,
): Promise<readonly LayerDetails[]> {
  const diffIds = config?.diffIds ?? [];
  const chainIds = await chainIdsOf(diffIds);
  return await Promise.all(layers.map(async ({ digest, mediaType, size }, i) => {
    const [diffId, chainId] = [diffIds[i], chainIds[i]];
    const present = (await store.findBlob(digest))?.size === size;
    return { digest, mediaType, size, ...(diffId && { diffId }), ...(chainId && { chainId }), present };
  }));
}

async function platformsOf(
  store: ContentReader,
  { target }: ImageSummary,
): Promise<readonly PlatformDetails[]> {
  if (!isIndexType(target.mediaType)) return [];
  const indexes = await walkIndexes(
    await readDocument(store, target),
    (entry) => readOrEmpty(store, entry),
    neverAborted(),
  );
  const entries = indexes.flatMap(({ document }) => document.kind === "index" ? document.manifests : [])
    .filter(({ mediaType }) => !isIndexType(mediaType));
  return await Promise.all(entries.map(async ({ digest, platform }) => ({
    digest,
    ...(platform && { platform }),
    present: await store.findBlob(digest) !== undefined,
  })));
}

/** Nested indexes may not be stored; they count as empty. */
async function readOrEmpty(
  store: ContentReader,
  descriptor: LoadedDocument["descriptor"],
): Promise<LoadedDocument> {
  const bytes = await findVerified(store, descriptor, MANIFEST_MAX_BYTES);
  return bytes === undefined ? emptyIndex(descriptor) : documentFrom(descriptor, bytes);
}
