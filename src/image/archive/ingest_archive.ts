/**
 * Ingesting the files of an archive: blobs go to the store, verified as in a pull; the few files that describe the
 * archive go to memory.
 *
 * @module
 */
import { type ByteReader, KIB, MIB, readAll } from "../../base/bytes.ts";
import type { StoreMaintenance } from "../../content/maintenance.ts";
import type { AnonymousIngester, ContentStore, Ingest } from "../../content/store.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { type Digest, findDigest, hexOf } from "../../oci/digest.ts";
import type { ArchiveSource, SourceFile } from "../../content/archive_source.ts";
import { hashBlob } from "../model/hash_blob.ts";

/** Maximum size of a file that is read into memory. The index of ten thousand images has about 10 MB. */
const DOCUMENT_MAX_BYTES = 64 * MIB;
const BUFFER_BYTES = 256 * KIB;

/** A file that was stored as a blob under its computed digest. */
export interface IngestedFile {
  readonly digest: Digest;
  /** Size in bytes. */
  readonly size: number;
}

/** The content of an ingested archive. */
export interface IngestedArchive {
  /** Contents of `index.json`, `manifest.json` and `oci-layout`, if the archive contains them. */
  readonly documents: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** Finds a file of Docker's old format by its path, following links. The file has become a blob of the store. */
  findFile(path: string): IngestedFile | undefined;
}

/** The store that files are ingested into. */
export type ArchiveStore = ContentStore & AnonymousIngester & Pick<StoreMaintenance, "beginReplacement">;

const DOCUMENTS = new Set(["index.json", "manifest.json", "oci-layout"]);

/** Maximum number of links followed for one path. Real archives have one level; a loop is an attack. */
const LINKS_MAX = 8;

/**
 * Reads a source to its end.
 *
 * @throws AppError `digest_mismatch` if the content of a blob doesn't match its name; `no_space`, and the errors of the
 * source
 */
export async function ingestArchive(
  source: ArchiveSource,
  store: ArchiveStore,
  signal: AbortSignal,
): Promise<IngestedArchive> {
  const documents = new Map<string, Uint8Array<ArrayBuffer>>();
  const files = new Map<string, IngestedFile>();
  const links = new Map<string, string>();
  for await (const item of source) {
    if (item.kind === "link") {
      links.set(item.name, item.target);
      continue;
    }
    const digest = digestOfName(item.name);
    if (digest !== undefined) await ingestBlob(store, digest, item, signal);
    else if (DOCUMENTS.has(item.name)) {
      documents.set(
        item.name,
        await readAll(item.reader, DOCUMENT_MAX_BYTES, `"${item.name}" of the archive`),
      );
    } else if (isOldFormatFile(item.name)) files.set(item.name, await ingestFile(store, item.reader, signal));
  }
  return {
    documents,
    findFile(path) {
      let target = path;
      for (let i = 0; i < LINKS_MAX && !files.has(target); i++) target = links.get(target) ?? target;
      return files.get(target);
    },
  };
}

function digestOfName(name: string): Digest | undefined {
  const [, algorithm, hex] = /^blobs\/([a-z0-9]+)\/([a-f0-9]+)$/.exec(name) ?? [];
  return algorithm === undefined || hex === undefined ? undefined : findDigest(`${algorithm}:${hex}`);
}

/** Configs are at the top level; layers are `ID/layer.tar`, or `HEX.tar.gz` if crane wrote the archive. */
function isOldFormatFile(name: string): boolean {
  return /^[^/]+\.json$/.test(name) || /\.tar(?:\.gz|\.zst)?$/.test(name);
}

async function ingestBlob(
  store: ArchiveStore,
  digest: Digest,
  file: SourceFile,
  signal: AbortSignal,
): Promise<void> {
  const descriptor: Descriptor = { mediaType: "application/octet-stream", digest, size: file.size };
  await using ingest = await beginOrReplace(store, descriptor, signal);
  if (ingest === undefined) return;
  // An archive can't be read from an offset, so a partial download can't be resumed.
  if (ingest.offset > 0) ingest.restart();
  try {
    await copyBytes(file.reader, (bytes) => ingest.write(bytes), signal);
    await ingest.commit();
  } catch (error) {
    // For the same reason, a partial would only use the space, which may be what is missing.
    await ingest.abort();
    throw error;
  }
}

/** Stores bytes that were made for an import, like a blob of the archive. */
export async function ingestBytes(
  store: ArchiveStore,
  descriptor: Descriptor,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  await using ingest = await beginOrReplace(store, descriptor, signal);
  if (ingest === undefined) return;
  if (ingest.offset > 0) ingest.restart();
  ingest.write(bytes);
  await ingest.commit();
}

/**
 * Returns undefined if the blob is stored and intact. An import repairs damaged blobs: the right bytes are at
 * hand.
 */
async function beginOrReplace(
  store: ArchiveStore,
  descriptor: Descriptor,
  signal: AbortSignal,
): Promise<Ingest | undefined> {
  const { digest, size } = descriptor;
  const info = await store.findBlob(digest);
  if (info === undefined) return await store.beginIngest(descriptor, signal);
  if (info.size === size && await hashBlob(store, digest, signal) === hexOf(digest)) return undefined;
  return await store.beginReplacement(descriptor, signal);
}

async function ingestFile(
  store: AnonymousIngester,
  reader: ByteReader,
  signal: AbortSignal,
): Promise<IngestedFile> {
  await using ingest = await store.beginAnonymous();
  await copyBytes(reader, (bytes) => ingest.write(bytes), signal);
  return await ingest.commit();
}

async function copyBytes(
  reader: ByteReader,
  write: (bytes: Uint8Array) => void,
  signal: AbortSignal,
): Promise<void> {
  const buffer = new Uint8Array(BUFFER_BYTES);
  for (;;) {
    signal.throwIfAborted();
    const n = await reader.read(buffer);
    if (n === null) return;
    write(buffer.subarray(0, n));
  }
}
