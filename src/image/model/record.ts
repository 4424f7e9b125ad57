/**
 * Making and recording the store's records of images whose blobs are all stored.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import type { ImageRecord, ImageStore } from "../../content/image_store.ts";
import type { ContentReader } from "../../content/store.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Manifest } from "../../oci/document.ts";
import {
  CONFIG_MAX_BYTES,
  type ImageConfig,
  isArtifactConfig,
  parseImageConfig,
} from "../../oci/image_config.ts";
import { isImageConfigType } from "../../oci/media_type.ts";
import type { Platform } from "../../oci/platform.ts";
import { sizeOf } from "./checked_records.ts";
import { readVerified } from "./documents.ts";
import { checkUncompressedLayers } from "./layer_content.ts";
import { keepPins } from "./pins.ts";

/** The data that a record is made from. */
export interface RecordRequest {
  /** The index or manifest that the reference points at. */
  readonly target: Descriptor;
  /** The chosen manifest. */
  readonly manifest: Descriptor;
  /** The parsed manifest. */
  readonly document: Manifest;
  readonly scope: ImageRecord["scope"];
  /** The platform of the manifest according to the index. @default the platform in the config */
  readonly platform?: Platform;
  /** Repositories that have the image. */
  readonly origins: readonly string[];
}

/** A record without its name. */
export type NamelessRecord = Omit<ImageRecord, "name">;

/**
 * Makes the record of an image whose blobs are all stored.
 *
 * @throws AppError `invalid_content` if config and manifest have different numbers of layers,
 * `digest_mismatch` if an uncompressed layer isn't that of the config: such an image can't be unpacked;
 * `store_corrupt`
 */
export async function makeRecord(store: ContentReader, request: RecordRequest): Promise<NamelessRecord> {
  const { target, manifest, document, scope, origins } = request;
  const { config, layers } = document;
  const imageConfig = await checkConfig(store, document);
  const platform = request.platform ?? imageConfig?.platform;
  return {
    target: withoutExtras(target),
    manifest: withoutExtras(manifest),
    scope,
    // Unrelated artifacts share one config, such as the empty one.
    imageId: imageConfig === undefined ? manifest.digest : config.digest,
    kind: imageConfig === undefined ? "artifact" : "image",
    ...(platform && { platform }),
    size: sizeOf([manifest, config, ...layers]),
    pinned: false,
    pulledAt: Date.now(),
    origins,
  };
}

/** Platform and annotations in a descriptor belong to the index that contains it, not to the record. */
function withoutExtras({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}

/** Returns the config of an image, or undefined for an artifact. */
async function checkConfig(
  store: ContentReader,
  { config, layers }: Manifest,
): Promise<ImageConfig | undefined> {
  if (!isImageConfigType(config.mediaType)) return undefined;
  const what = `config "${config.digest}"`;
  const bytes = await readVerified(store, config, CONFIG_MAX_BYTES, what);
  if (isArtifactConfig(bytes, layers.length)) return undefined;
  const imageConfig = parseImageConfig(bytes, what);
  const { length } = imageConfig.diffIds;
  if (length !== layers.length) {
    throw new AppError(
      "invalid_content",
      `Cannot use ${what}: it has ${length} layers, but the manifest has ${layers.length}`,
    );
  }
  await checkUncompressedLayers(store, layers, imageConfig.diffIds);
  return imageConfig;
}

/**
 * Records an image under each name in one transaction. Pins follow their names, see {@linkcode keepPins}.
 * Records of the same manifest keep their other origins. A name that had all platforms of the same target
 * keeps them: pulling one platform again removes none.
 *
 * @returns all records after the transaction
 * @throws AppError `no_space`, `permission_denied`, or the signal's reason; then nothing is recorded
 */
export async function recordNames(
  store: ImageStore,
  named: ReadonlyMap<string, NamelessRecord>,
  signal: AbortSignal,
): Promise<readonly ImageRecord[]> {
  return await store.updateImages((records) => {
    const next = new Map(records);
    for (const [name, record] of named) {
      const old = records.get(name);
      const origins = old?.manifest.digest === record.manifest.digest ? old.origins : [];
      const hadAllPlatforms = old?.scope === "all-platforms" && old.target.digest === record.target.digest;
      next.set(name, {
        ...record,
        name,
        scope: hadAllPlatforms ? "all-platforms" : record.scope,
        origins: [...new Set([...record.origins, ...origins])],
      });
    }
    return keepPins(records, next);
  }, signal);
}
