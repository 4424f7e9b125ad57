/**
 * Reading manifests, indexes and configs, verified, from the store or from a registry.
 *
 * @module
 */
import { readFull } from "../../base/bytes.ts";
import { CORRUPT_DOWNLOADS } from "../../base/tuning.ts";
import { AppError, isCode } from "../../base/errors.ts";
import type { Fetcher } from "../../content/remote.ts";
import type { ContentReader, Ingester } from "../../content/store.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { algorithmOf, digestOf } from "../../oci/digest.ts";
import { type ImageDocument, type Manifest, MANIFEST_MAX_BYTES, parseDocument } from "../../oci/document.ts";

/** A parsed manifest or index. */
export interface LoadedDocument {
  readonly descriptor: Descriptor;
  readonly document: ImageDocument;
  /** The exact bytes, which match the digest. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Loads the document of a descriptor. */
export type DocumentLoader = (descriptor: Descriptor, signal: AbortSignal) => Promise<LoadedDocument>;

/** The description of a document in messages. */
function describe(descriptor: Descriptor): string {
  return `manifest "${descriptor.digest}"`;
}

/** Parses bytes that have been verified. @throws AppError `invalid_content`, `unsupported` */
export function documentFrom(descriptor: Descriptor, bytes: Uint8Array<ArrayBuffer>): LoadedDocument {
  return { descriptor, bytes, document: parseDocument(bytes, descriptor.mediaType, describe(descriptor)) };
}

/** Where documents are read from: the store first, then the registry. */
export interface DocumentSource {
  readonly store: ContentReader;
  readonly fetcher: Fetcher;
}

/**
 * Reads a small blob from the store. Documents are few and small, so they are hashed on every read. Returns undefined
 * if the blob is missing or damaged; a pull then fetches it again.
 *
 * @param limit maximum size in bytes
 */
export async function findVerified(
  store: ContentReader,
  descriptor: Descriptor,
  limit: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const info = await store.findBlob(descriptor.digest);
  if (info === undefined || info.size !== descriptor.size || info.size > limit) return undefined;
  try {
    const bytes = await store.readBlob(descriptor.digest, limit);
    return await isIntact(descriptor, bytes) ? bytes : undefined;
  } catch (error) {
    // A collection has deleted it in the meantime.
    if (isCode(error, "not_found")) return undefined;
    throw error;
  }
}

/**
 * Reads a small blob that an image of the store references.
 *
 * @param limit maximum size in bytes
 * @param what describes the blob in messages
 * @throws AppError `store_corrupt` if it is missing or damaged
 */
export async function readVerified(
  store: ContentReader,
  descriptor: Descriptor,
  limit: number,
  what: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await findVerified(store, descriptor, limit);
  if (bytes !== undefined) return bytes;
  throw new AppError(
    "store_corrupt",
    `Cannot read ${what}: it is missing from the store or damaged; "dray verify --repair" fetches it again`,
    { details: { digest: descriptor.digest } },
  );
}

/** Reads a manifest or index of the store. @throws AppError `store_corrupt`, `invalid_content` */
export async function readDocument(store: ContentReader, descriptor: Descriptor): Promise<LoadedDocument> {
  return documentFrom(
    descriptor,
    await readVerified(store, descriptor, MANIFEST_MAX_BYTES, describe(descriptor)),
  );
}

/**
 * Finds the document of a descriptor; undefined if it is missing or damaged.
 *
 * @throws AppError `invalid_content`
 */
export type DocumentFinder = (descriptor: Descriptor) => Promise<LoadedDocument | undefined>;

/** Returns a finder that reads each document of the store once: for one pass over many records. */
export function documentFinder(store: ContentReader): DocumentFinder {
  const documents = new Map<string, Promise<LoadedDocument | undefined>>();
  return (descriptor) => {
    const { mediaType, digest, size } = descriptor;
    const key = `${mediaType} ${digest} ${size}`;
    const known = documents.get(key);
    if (known !== undefined) return known;
    const loading = findVerified(store, descriptor, MANIFEST_MAX_BYTES)
      .then((bytes) => bytes && documentFrom(descriptor, bytes));
    documents.set(key, loading);
    return loading;
  };
}

/**
 * Reads a manifest of the store.
 *
 * @param operation begins the message if the document is an index, such as `Cannot export "a:1"`
 * @throws AppError `store_corrupt`, `invalid_content`
 */
export async function readImageManifest(
  store: ContentReader,
  descriptor: Descriptor,
  operation: string,
): Promise<Manifest> {
  const { document } = await readDocument(store, descriptor);
  if (document.kind === "manifest") return document;
  throw new AppError("store_corrupt", `${operation}: manifest "${descriptor.digest}" is an index`);
}

/** Returns the loader of a pull, which reads from the store first and then from the registry. */
export function remoteLoader(source: DocumentSource): DocumentLoader {
  return async (descriptor, signal) =>
    documentFrom(
      descriptor,
      await fetchVerified(source, descriptor, MANIFEST_MAX_BYTES, describe(descriptor), signal),
    );
}

/**
 * Reads a small blob from the store, or fetches it. Doesn't store it.
 *
 * @param limit maximum size in bytes
 * @param what describes the blob in messages
 * @throws AppError `limit_exceeded`, `digest_mismatch`, and the errors of the fetcher
 */
export async function fetchVerified(
  { store, fetcher }: DocumentSource,
  descriptor: Descriptor,
  limit: number,
  what: string,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  return await findVerified(store, descriptor, limit) ??
    await fetchSmall(fetcher, descriptor, limit, what, signal);
}

/** Fetches a small blob into memory, and again if the content doesn't match. Throws as {@linkcode fetchVerified}. */
export async function fetchSmall(
  fetcher: Fetcher,
  descriptor: Descriptor,
  limit: number,
  what: string,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  if (descriptor.size > limit) {
    throw new AppError(
      "limit_exceeded",
      `Cannot fetch ${what}: it has ${descriptor.size} bytes; the limit is ${limit}`,
    );
  }
  for (let downloads = 0; downloads < CORRUPT_DOWNLOADS; downloads++) {
    const bytes = await fetchOnce(fetcher, descriptor, signal);
    if (bytes !== undefined) return bytes;
  }
  throw new AppError(
    "digest_mismatch",
    `Cannot fetch ${what}: the host sent content that doesn't match the digest, ${CORRUPT_DOWNLOADS} times`,
    { details: { want: descriptor.digest } },
  );
}

/** Returns undefined if the content doesn't match the descriptor. */
async function fetchOnce(
  fetcher: Fetcher,
  descriptor: Descriptor,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  using body = await fetcher.fetch(descriptor, {}, signal);
  const bytes = new Uint8Array(descriptor.size);
  if (await readFull(body, bytes) !== descriptor.size) return undefined;
  // Read up to the end: the body throws if the host sent more than the descriptor's size.
  if (await body.read(new Uint8Array(1)) !== null) return undefined;
  return await isIntact(descriptor, bytes) ? bytes : undefined;
}

async function isIntact(descriptor: Descriptor, bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
  return await digestOf(bytes, algorithmOf(descriptor.digest)) === descriptor.digest;
}

/** Commits verified bytes as a blob. A blob that is already stored is left unchanged. */
export async function storeBytes(
  store: Ingester,
  descriptor: Descriptor,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  await using ingest = await store.beginIngest(descriptor, signal);
  if (ingest === undefined) return;
  if (ingest.offset > 0) ingest.restart();
  ingest.write(bytes);
  await ingest.commit();
}
