/**
 * Taking the files of an archive into the store: blobs as they come, verified like those of a registry; the few
 * documents that tell what is what are kept in memory.
 *
 * @module
 */
import { type ByteReader, KIB, MIB, readAll } from "../../base/bytes.ts";
import type { AnonymousIngester, ContentStore } from "../../content/store.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { type Digest, findDigest } from "../../oci/digest.ts";
import type { ArchiveSource, SourceFile } from "../../content/archive_source.ts";

/** An index of ten thousand images has about 10 MB. */
const DOCUMENT_MAX_BYTES = 64 * MIB;
const BUFFER_BYTES = 256 * KIB;

/** A file whose digest the archive did not tell. */
export interface IngestedFile {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
}

/** What an archive had in it. */
export interface IngestedArchive {
  /** `index.json`, `manifest.json` and `oci-layout`, as far as they were there. */
  readonly documents: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** Files of the old Docker form by their path; they are blobs of the store now. */
  findFile(path: string): IngestedFile | undefined;
}

/** What the intake writes to. */
export type ArchiveStore = ContentStore & AnonymousIngester;

const DOCUMENTS = new Set(["index.json", "manifest.json", "oci-layout"]);

/** Links to links to links: an archive has one level, an attack has a circle. */
const LINKS_MAX = 8;

/**
 * Reads a source to its end.
 *
 * @throws AppError `digest_mismatch` or `size_mismatch` for a blob that is not what its name says, `no_space`
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
    if (digest !== undefined) await takeBlob(store, digest, item, signal);
    else if (DOCUMENTS.has(item.name)) {
      documents.set(
        item.name,
        await readAll(item.reader, DOCUMENT_MAX_BYTES, `"${item.name}" of the archive`),
      );
    } else if (isOldFormFile(item.name)) files.set(item.name, await takeUnnamed(store, item.reader, signal));
  }
  return {
    documents,
    findFile(path) {
      let at = path;
      for (let i = 0; i < LINKS_MAX && !files.has(at); i++) at = links.get(at) ?? at;
      return files.get(at);
    },
  };
}

function digestOfName(name: string): Digest | undefined {
  const [, algorithm, hex] = /^blobs\/([a-z0-9]+)\/([a-f0-9]+)$/.exec(name) ?? [];
  return algorithm === undefined || hex === undefined ? undefined : findDigest(`${algorithm}:${hex}`);
}

/** Configs stand at the root; layers are `ID/layer.tar`, or as crane writes them `HEX.tar.gz`. */
function isOldFormFile(name: string): boolean {
  return /^[^/]+\.json$/.test(name) || /\.tar(?:\.gz|\.zst)?$/.test(name);
}

async function takeBlob(
  store: ContentStore,
  digest: Digest,
  file: SourceFile,
  signal: AbortSignal,
): Promise<void> {
  const descriptor: Descriptor = { mediaType: "application/octet-stream", digest, size: file.size };
  await using ingest = await store.beginIngest(descriptor, signal);
  if (ingest === undefined) return;
  // An archive can't be read in the middle: what an interrupted pull left is written again.
  if (ingest.offset > 0) ingest.restart();
  await pour(file.reader, (bytes) => ingest.write(bytes), signal);
  await ingest.commit();
}

async function takeUnnamed(
  store: AnonymousIngester,
  reader: ByteReader,
  signal: AbortSignal,
): Promise<IngestedFile> {
  await using ingest = await store.beginUnnamed();
  await pour(reader, (bytes) => ingest.write(bytes), signal);
  return await ingest.commit();
}

async function pour(
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
