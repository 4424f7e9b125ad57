/**
 * What the store writes down of an image once all of it is there.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import type { ImageRecord, ImageStore } from "../../content/image_store.ts";
import type { ContentReader } from "../../content/store.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Manifest } from "../../oci/document.ts";
import { CONFIG_MAX_BYTES, parseImageConfig } from "../../oci/image_config.ts";
import { isImageConfigType } from "../../oci/media_type.ts";
import type { Platform } from "../../oci/platform.ts";
import { getVerified } from "./documents.ts";

/** What is known of an image before it has a name. */
export interface RecordRequest {
  /** What the reference points at. */
  readonly target: Descriptor;
  /** The manifest that was chosen, and what it says. */
  readonly manifest: Descriptor;
  readonly document: Manifest;
  readonly scope: ImageRecord["scope"];
  /** What an index says that the manifest was built for; else its config tells. */
  readonly platform?: Platform;
  /** Repositories that had it. */
  readonly origins: readonly string[];
}

/** A record that no name was given yet. */
export type NamelessRecord = Omit<ImageRecord, "name">;

/**
 * Makes the record of an image whose blobs are all in the store.
 *
 * @throws AppError `invalid_content` for a config that does not fit its manifest: such an image can't be unpacked
 */
export async function makeRecord(store: ContentReader, request: RecordRequest): Promise<NamelessRecord> {
  const { target, manifest, document, scope, origins } = request;
  const { config, layers } = document;
  const isImage = isImageConfigType(config.mediaType);
  const configPlatform = isImage ? await checkConfig(store, document) : undefined;
  const platform = request.platform ?? configPlatform;
  const sizes = new Map([manifest, config, ...layers].map(({ digest, size }) => [digest, size]));
  return {
    target: plain(target),
    manifest: plain(manifest),
    scope,
    imageId: config.digest,
    kind: isImage ? "image" : "artifact",
    ...(platform && { platform }),
    size: [...sizes.values()].reduce((sum, size) => sum + size, 0),
    pinned: false,
    pulledAt: Date.now(),
    origins,
  };
}

/** A record keeps what identifies a document; what an index says of it is the index's. */
function plain({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}

async function checkConfig(store: ContentReader, { config, layers }: Manifest): Promise<Platform> {
  const what = `config "${config.digest}"`;
  const { diffIds, platform } = parseImageConfig(
    await getVerified(store, config, CONFIG_MAX_BYTES, what),
    what,
  );
  if (diffIds.length !== layers.length) {
    throw new AppError(
      "invalid_content",
      `Cannot use ${what}: it names ${diffIds.length} layers, but the manifest has ${layers.length}`,
    );
  }
  return platform;
}

/**
 * Records under names, all in one transaction. A pin stays, and so do the other origins of the same image. Where a name
 * had every platform of the same target, it keeps them: who pulls it once more for one platform takes none away.
 */
export async function recordNames(
  store: ImageStore,
  named: ReadonlyMap<string, NamelessRecord>,
  signal: AbortSignal,
): Promise<void> {
  await store.updateImages((records) => {
    const next = new Map(records);
    for (const [name, facts] of named) {
      const old = records.get(name);
      const isPinned = [...records.values()].some(({ pinned, imageId }) =>
        pinned && imageId === facts.imageId
      );
      const origins = old?.imageId === facts.imageId ? old.origins : [];
      const isWhole = old?.scope === "all-platforms" && old.target.digest === facts.target.digest;
      next.set(name, {
        ...facts,
        name,
        scope: isWhole ? "all-platforms" : facts.scope,
        pinned: isPinned || old?.pinned === true,
        origins: [...new Set([...facts.origins, ...origins])],
      });
    }
    return next.values();
  }, signal);
}
