/**
 * Exporting images as one archive, or to an OCI image layout in a directory.
 *
 * @module
 */
import type { ByteSink } from "../../base/bytes.ts";
import { AppError, type AppErrorOptions, isCode } from "../../base/errors.ts";
import { copyBlob } from "../../content/copy.ts";
import type { ImageRecord, ImageStore } from "../../content/image_store.ts";
import type { FetchBody, Fetcher } from "../../content/remote.ts";
import type { ContentHold } from "../../content/maintenance.ts";
import type { ContentReader, ContentStore } from "../../content/store.ts";
import { loadHashing } from "../../base/hash.ts";
import { algorithmOf, type Digest, makeDigest } from "../../oci/digest.ts";
import type { CallOptions } from "../model/types.ts";
import { type ReferencedBlob, ReferenceWalker } from "../model/references.ts";
import type { ImageStorage } from "../model/deps.ts";
import { findImage } from "../model/find.ts";
import { holdingStore } from "../model/held_store.ts";
import { keepPins } from "../model/pins.ts";
import { ArchiveWriter } from "./archive_writer.ts";
import { blobName, dockerManifestOf } from "./docker_manifest.ts";
import { findMissingBlob } from "./archived_image.ts";
import { LAYOUT_FILE, layoutIndexOf, namedRecords } from "./layout_index.ts";

/** Archive formats of an export. */
export type ImageArchiveFormat = "oci-archive" | "docker-archive";

/** The records to export, and all blobs that they reference. */
interface Selection {
  readonly records: readonly ImageRecord[];
  readonly blobs: ReadonlyMap<Digest, ReferencedBlob>;
}

/**
 * Writes images as one archive. The same images always give the same bytes. A Docker archive is also an OCI archive, as
 * `docker save` writes it since Docker 25. Doesn't close the sink.
 *
 * @throws AppError `not_found`, `unsupported` (artifact in a Docker archive) or `store_corrupt` (missing blob) before
 * the first byte is written; `digest_mismatch` for a damaged blob: the archive is incomplete then
 */
export async function exportArchive(
  whole: ImageStorage,
  images: readonly string[],
  format: ImageArchiveFormat,
  sink: ByteSink,
  signal: AbortSignal,
): Promise<void> {
  using store = holdingStore(whole, signal);
  await store.hold([]);
  const { records, blobs } = await select(store, images);
  const manifest = format === "docker-archive" ? await dockerManifestOf(store, records) : undefined;
  const archive = new ArchiveWriter(sink);
  await archive.addBytes("oci-layout", LAYOUT_FILE);
  await archive.addBytes("index.json", layoutIndexOf(records));
  if (manifest) await archive.addBytes("manifest.json", manifest);
  const digests = [...blobs.keys()].sort();
  for (const name of parentsOf(digests)) await archive.addDirectory(name);
  for (const digest of digests) {
    await addBlob(archive, store, digest, signal);
  }
  await archive.finish();
}

/** Hashes the blob while it is copied. */
async function addBlob(
  archive: ArchiveWriter,
  store: ContentReader,
  digest: Digest,
  signal: AbortSignal,
): Promise<void> {
  using blob = await store.openBlob(digest);
  const hasher = (await loadHashing())(algorithmOf(digest));
  await archive.addFile(blobName(digest), blob.size, blob, signal, (bytes) => hasher.update(bytes));
  const got = makeDigest(algorithmOf(digest), hasher.hex());
  if (got === digest) return;
  throw damagedError(digest, { details: { want: digest, got } });
}

function damagedError(digest: Digest, options: AppErrorOptions): AppError {
  const message = `Cannot export blob "${digest}": it is damaged; run 'dray verify --repair'`;
  return new AppError("digest_mismatch", message, options);
}

/** Options of an export to a layout. */
export interface ExportLayoutOptions extends CallOptions {
  /** Called if another process uses the layout for longer than a second. */
  readonly onWait?: () => void;
}

/** An open layout. Dispose it after the export. */
export interface LayoutTarget extends AsyncDisposable {
  readonly store: ContentStore & ImageStore;
  /** Holds the blobs of the target; undefined if only this process can delete them. */
  readonly hold?: ContentHold;
}

/**
 * Copies images into another layout, which can already contain images. Verifies each blob, and records all names in one
 * transaction.
 *
 * @param open opens the layout; called only once the images have been found
 * @throws AppError `not_found`, `store_corrupt`, `no_space`; `digest_mismatch` for a damaged blob
 */
export async function exportLayout(
  whole: ImageStorage,
  images: readonly string[],
  open: () => Promise<LayoutTarget>,
  signal: AbortSignal,
): Promise<void> {
  using store = holdingStore(whole, signal);
  await store.hold([]);
  const { records, blobs } = await select(store, images);
  await using opened = await open();
  const target = opened.store;
  await opened.hold?.add(blobs.keys());
  for (const { descriptor } of blobs.values()) {
    try {
      await copyBlob(fetcherOf(store), target, descriptor, () => {}, signal);
    } catch (cause) {
      throw isCode(cause, "digest_mismatch") ? damagedError(descriptor.digest, { cause }) : cause;
    }
  }
  await target.updateImages((old) => {
    const next = new Map(old);
    for (const record of records) next.set(record.name, record);
    return keepPins(old, next);
  }, signal);
}

async function select(store: ImageStorage, images: readonly string[]): Promise<Selection> {
  const records = new Map<string, ImageRecord>();
  for (const image of images) {
    for (const record of namedRecords(await findImage(store, image))) records.set(record.name, record);
  }
  const walker = new ReferenceWalker(store);
  const blobs = new Map<Digest, ReferencedBlob>();
  for (const record of records.values()) {
    const references = await walker.referencesOf(record);
    const missing = await findMissingBlob(store, references);
    if (missing !== undefined) {
      throw new AppError(
        "store_corrupt",
        `Cannot export "${record.name}": blob "${missing}" is missing or damaged; "dray verify --repair" fetches it again`,
      );
    }
    for (const [digest, blob] of references.blobs) blobs.set(digest, blob);
  }
  return { records: [...records.values()], blobs };
}

/** Returns the directories of the blobs: some readers don't create parent directories. */
function parentsOf(digests: readonly Digest[]): readonly string[] {
  const algorithms = new Set(digests.map((digest) => `blobs/${digest.slice(0, digest.indexOf(":"))}`));
  return digests.length === 0 ? [] : ["blobs", ...algorithms];
}

/** Returns a fetcher that reads from a store. Every body starts at byte 0: a copy isn't resumed. */
function fetcherOf(store: ContentReader): Fetcher {
  return {
    fetch: async ({ digest }): Promise<FetchBody> => {
      const blob = await store.openBlob(digest);
      return {
        offset: 0,
        host: "the store",
        read: (buffer) => blob.read(buffer),
        [Symbol.dispose]: () => blob[Symbol.dispose](),
      };
    },
  };
}
