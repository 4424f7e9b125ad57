/**
 * All that the store knows of one image.
 *
 * @module
 */
import type { ContentReader } from "../../content/store.ts";
import type { Manifest } from "../../oci/document.ts";
import { chainIdsOf, CONFIG_MAX_BYTES, type ImageConfig, parseImageConfig } from "../../oci/image_config.ts";
import { AppError } from "../../base/errors.ts";
import { walkIndexes } from "./choose.ts";
import type { ImageDeps } from "./deps.ts";
import { findVerified, getDocument, getVerified } from "./documents.ts";
import { documentFrom, type LoadedDocument } from "./documents.ts";
import { neverAborted } from "../../base/abort.ts";
import { findImage } from "./find.ts";
import type { ImageDetails, ImageSummary, LayerDetails, PlatformDetails } from "./types.ts";
import { isIndexType } from "../../oci/media_type.ts";
import { MANIFEST_MAX_BYTES } from "../../oci/document.ts";

/**
 * Reads an image's documents.
 *
 * @throws AppError `not_found`, or `store_corrupt` for documents that are missing or damaged
 */
export async function inspectImage(
  { store }: Pick<ImageDeps, "store">,
  image: string,
): Promise<ImageDetails> {
  const { summary } = await findImage(store, image);
  const { document } = await getDocument(store, summary.manifest);
  if (document.kind !== "manifest") {
    throw new AppError("store_corrupt", `Cannot read image "${image}": its manifest is an index`);
  }
  const imageConfig = summary.kind === "image" ? await readConfig(store, document) : undefined;
  return {
    ...summary,
    config: document.config,
    ...(imageConfig && { imageConfig }),
    layers: await layersOf(store, document, imageConfig),
    platforms: await platformsOf(store, summary),
    annotations: document.annotations ?? {},
  };
}

/** The image config of a manifest of the store. @throws AppError `store_corrupt`, `invalid_content` */
export async function readConfig(store: ContentReader, { config }: Manifest): Promise<ImageConfig> {
  const what = `config "${config.digest}"`;
  return parseImageConfig(await getVerified(store, config, CONFIG_MAX_BYTES, what), what);
}

async function layersOf(
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
  // An index inside the index that was never brought is shown as one entry that is not here.
  const indexes = await walkIndexes(
    await getDocument(store, target),
    (entry) => loadIfThere(store, entry),
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

async function loadIfThere(
  store: ContentReader,
  descriptor: LoadedDocument["descriptor"],
): Promise<LoadedDocument> {
  const bytes = await findVerified(store, descriptor, MANIFEST_MAX_BYTES);
  if (bytes !== undefined) return documentFrom(descriptor, bytes);
  const { mediaType } = descriptor;
  return { descriptor, bytes: new Uint8Array(), document: { kind: "index", mediaType, manifests: [] } };
}
