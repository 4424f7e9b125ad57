/**
 * Importing the images of an archive in Docker's old format, which has configs and layers by path, but no manifests. The
 * import makes the manifests; they reference the bytes of the archive unchanged.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import type { Compression } from "../../compress/compression.ts";
import type { ContentStore } from "../../content/store.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { algorithmOf, type Digest, digestOf, hexOf } from "../../oci/digest.ts";
import { CONFIG_MAX_BYTES, parseImageConfig } from "../../oci/image_config.ts";
import { asArray, asObject, asString, asStrings, parseJsonObject } from "../../oci/json.ts";
import { OCI_CONFIG, OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD, OCI_MANIFEST } from "../../oci/media_type.ts";
import { documentFrom } from "../model/documents.ts";
import { hashUncompressed } from "../model/layer_content.ts";
import { makeRecord } from "../model/record.ts";
import { cleanPath } from "./archive_source.ts";
import { type ArchivedImage, fullNameOf } from "./archived_image.ts";
import { type ArchiveStore, ingestBytes, type IngestedArchive, type IngestedFile } from "./ingest_archive.ts";

const LAYER_TYPES: Readonly<Record<Compression, string>> = {
  none: OCI_LAYER,
  gzip: OCI_LAYER_GZIP,
  zstd: OCI_LAYER_ZSTD,
};

/**
 * Makes manifests and records for the images that a `manifest.json` names.
 *
 * @param manifest content of `manifest.json`
 * @throws AppError `invalid_content` for an invalid file or an image with a missing file; `digest_mismatch` if the
 * content of a layer doesn't match the diff id in the config
 */
export async function dockerImages(
  store: ArchiveStore,
  manifest: Uint8Array,
  archive: IngestedArchive,
  signal: AbortSignal,
): Promise<readonly ArchivedImage[]> {
  const images: ArchivedImage[] = [];
  for (const { config, layers, tags } of readDockerManifest(manifest)) {
    const configFile = fileOf(archive, config);
    const bytes = await store.readBlob(configFile.digest, CONFIG_MAX_BYTES);
    const { diffIds } = parseImageConfig(bytes, `"${config}" of the archive`);
    if (diffIds.length !== layers.length) {
      throw new AppError(
        "invalid_content",
        `Cannot import "${config}": it has ${diffIds.length} layers, but manifest.json has ${layers.length}`,
      );
    }
    const descriptors: Descriptor[] = [];
    for (const [i, diffId] of diffIds.entries()) {
      descriptors.push(
        await describeLayer(store, layers[i] ?? "", fileOf(archive, layers[i] ?? ""), diffId, signal),
      );
    }
    const document = new TextEncoder().encode(JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: { mediaType: OCI_CONFIG, digest: configFile.digest, size: configFile.size },
      layers: descriptors,
    }));
    const target = { mediaType: OCI_MANIFEST, digest: await digestOf(document), size: document.length };
    await ingestBytes(store, target, document, signal);
    const loaded = documentFrom(target, document);
    if (loaded.document.kind !== "manifest") {
      throw new AppError("internal", "The manifest made for an import is not a manifest");
    }
    const record = await makeRecord(store, {
      target,
      manifest: target,
      document: loaded.document,
      scope: "one-platform",
      origins: [],
    });
    images.push({ record, names: tags.flatMap((tag) => fullNameOf(tag) ?? []) });
  }
  return images;
}

interface DockerImage {
  readonly config: string;
  readonly layers: readonly string[];
  readonly tags: readonly string[];
}

/** Parses `manifest.json`: an array of objects with `Config`, `RepoTags` and `Layers`. @throws AppError `invalid_content` */
export function readDockerManifest(bytes: Uint8Array): readonly DockerImage[] {
  const where = "manifest.json";
  const text = new TextDecoder().decode(bytes);
  const { list } = parseJsonObject(new TextEncoder().encode(`{"list":${text}}`), where);
  return asArray(list, where).map((item, i) => {
    const { Config, RepoTags, Layers } = asObject(item, `${where}[${i}]`);
    return {
      config: asString(Config, `${where}[${i}].Config`),
      layers: asStrings(Layers ?? [], `${where}[${i}].Layers`),
      tags: asStrings(RepoTags ?? [], `${where}[${i}].RepoTags`),
    };
  });
}

function fileOf(archive: IngestedArchive, path: string): IngestedFile {
  const file = archive.findFile(cleanPath(path));
  if (file !== undefined) return file;
  throw new AppError(
    "invalid_content",
    `Cannot import: the archive doesn't contain "${path}", which manifest.json names`,
  );
}

async function describeLayer(
  store: ContentStore,
  path: string,
  { digest, size }: IngestedFile,
  diffId: Digest,
  signal: AbortSignal,
): Promise<Descriptor> {
  const { compression, got } = await hashUncompressed(store, digest, diffId, signal);
  if (got !== hexOf(diffId)) {
    throw new AppError(
      "digest_mismatch",
      `Cannot import layer "${path}": its uncompressed content has the digest "${
        algorithmOf(diffId)
      }:${got}" ` +
        `instead of "${diffId}"`,
      { details: { want: diffId, got } },
    );
  }
  return { mediaType: LAYER_TYPES[compression], digest, size };
}
