/**
 * Bringing documents: manifests and indexes, from the store if they are there, else from the registry.
 *
 * @module
 */
import { readFull } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import type { Fetcher } from "../../content/remote.ts";
import type { ContentReader, Ingester } from "../../content/store.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { algorithmOf, digestOf } from "../../oci/digest.ts";
import { type ImageDocument, MANIFEST_MAX_BYTES, parseDocument } from "../../oci/document.ts";

/** A document with the exact bytes that its digest stands for. */
export interface LoadedDocument {
  readonly descriptor: Descriptor;
  readonly document: ImageDocument;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Gives the document of a descriptor. */
export type DocumentLoader = (descriptor: Descriptor, signal: AbortSignal) => Promise<LoadedDocument>;

/** Names a document in errors. */
function nameOf(descriptor: Descriptor): string {
  return `manifest "${descriptor.digest}"`;
}

/** Parses bytes that were verified already. */
export function documentFrom(descriptor: Descriptor, bytes: Uint8Array<ArrayBuffer>): LoadedDocument {
  return { descriptor, bytes, document: parseDocument(bytes, descriptor.mediaType, nameOf(descriptor)) };
}

/** Where a small blob can come from. */
export interface DocumentSource {
  readonly store: ContentReader;
  readonly fetcher: Fetcher;
}

/**
 * Reads a small blob from the store. Documents are few and small, so they are hashed on every read: a damaged one is
 * taken for missing, and a pull then brings it again.
 */
export async function findVerified(
  store: ContentReader,
  descriptor: Descriptor,
  limit: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const info = await store.findBlob(descriptor.digest);
  if (info === undefined || info.size !== descriptor.size || info.size > limit) return undefined;
  const bytes = await store.readBlob(descriptor.digest, limit);
  return await isWanted(descriptor, bytes) ? bytes : undefined;
}

/** Reads a small blob that an image of the store must have. @throws AppError `store_corrupt` */
export async function getVerified(
  store: ContentReader,
  descriptor: Descriptor,
  limit: number,
  what: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await findVerified(store, descriptor, limit);
  if (bytes !== undefined) return bytes;
  throw new AppError(
    "store_corrupt",
    `Cannot read ${what}: it is missing or damaged in the store; "dray verify --repair" fetches it again`,
    { details: { digest: descriptor.digest } },
  );
}

/** The document of an image of the store. @throws AppError `store_corrupt` */
export async function getDocument(store: ContentReader, descriptor: Descriptor): Promise<LoadedDocument> {
  return documentFrom(
    descriptor,
    await getVerified(store, descriptor, MANIFEST_MAX_BYTES, nameOf(descriptor)),
  );
}

/** A loader for a pull: the store first, then the registry. */
export function remoteLoader(source: DocumentSource): DocumentLoader {
  return async (descriptor, signal) =>
    documentFrom(
      descriptor,
      await fetchVerified(source, descriptor, MANIFEST_MAX_BYTES, nameOf(descriptor), signal),
    );
}

/**
 * A small blob from the store if it is there, else from the registry, with one more try if the bytes are wrong. It is
 * not stored.
 *
 * @throws AppError `limit_exceeded`, `digest_mismatch`, and what the fetcher throws
 */
export async function fetchVerified(
  { store, fetcher }: DocumentSource,
  descriptor: Descriptor,
  limit: number,
  what: string,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  if (descriptor.size > limit) {
    throw new AppError(
      "limit_exceeded",
      `Cannot fetch ${what}: it has ${descriptor.size} bytes, want at most ${limit}`,
    );
  }
  const bytes = await findVerified(store, descriptor, limit) ??
    await fetchBytes(fetcher, descriptor, signal) ??
    await fetchBytes(fetcher, descriptor, signal);
  if (bytes !== undefined) return bytes;
  throw new AppError("digest_mismatch", `Cannot fetch ${what}: the host sent other bytes, twice`, {
    details: { want: descriptor.digest },
  });
}

/** The bytes of a small descriptor, or undefined if they are not the ones wanted. */
async function fetchBytes(
  fetcher: Fetcher,
  descriptor: Descriptor,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  using body = await fetcher.fetch(descriptor, {}, signal);
  const bytes = new Uint8Array(descriptor.size);
  if (await readFull(body, bytes) !== descriptor.size) return undefined;
  // Asks for the end as well: the body throws if the host has more.
  if (await body.read(new Uint8Array(1)) !== null) return undefined;
  return await isWanted(descriptor, bytes) ? bytes : undefined;
}

async function isWanted(descriptor: Descriptor, bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
  return await digestOf(bytes, algorithmOf(descriptor.digest)) === descriptor.digest;
}

/** Commits bytes in memory, which were verified, as a blob. */
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
