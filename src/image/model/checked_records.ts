/**
 * Reading the records of a store, compared with the documents that they name: `index.json` can come from
 * another machine, so its annotations prove nothing.
 *
 * @module
 */
import { neverAborted } from "../../base/concurrency/abort.ts";
import { AppError } from "../../base/errors.ts";
import { mapBounded } from "../../base/concurrency/limiter.ts";
import type { ImageRecord, ImageStore } from "../../content/image_store.ts";
import type { ContentReader } from "../../content/store.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Manifest } from "../../oci/document.ts";
import { isImageConfigType } from "../../oci/media_type.ts";
import { walkIndexes } from "./choose.ts";
import { type DocumentFinder, documentFinder, type LoadedDocument } from "./documents.ts";
import { isDigestName } from "./group.ts";

/** The parts of a store that a comparison reads. */
export type RecordStore = ImageStore & ContentReader;

/** Documents read in parallel: enough that disk reads and hashing overlap. */
const PARALLEL_READS = 16;

/** The result for one record. */
interface Checked {
  /** Undefined if the documents contradict the record, and the right values are unknown. */
  readonly record: ImageRecord | undefined;
  /** False if a document is missing or damaged, so the comparison must be repeated later. */
  readonly isComplete: boolean;
}

/** Complete results. A store returns the same record objects until they change. */
const checkedRecord = new WeakMap<ImageRecord, Checked>();
const verified = new WeakSet<ImageRecord>();
const checkedList = new WeakMap<readonly ImageRecord[], readonly ImageRecord[]>();

/**
 * Returns the records of a store with the id, kind and size that their manifests have. Leaves out records
 * that their documents contradict. A record whose documents are missing or damaged stays unchanged, so that
 * it can be repaired or removed. Returns the same array while nothing changes.
 */
export async function listCheckedRecords(store: RecordStore): Promise<readonly ImageRecord[]> {
  return await checkRecords(documentFinder(store), await store.listImages());
}

/** Like {@linkcode listCheckedRecords}, for records that have been listed. */
export async function checkRecords(
  find: DocumentFinder,
  records: readonly ImageRecord[],
): Promise<readonly ImageRecord[]> {
  const known = checkedList.get(records);
  if (known !== undefined) return known;
  const changed = records.filter((record) => !checkedRecord.has(record));
  const results = await mapBounded(
    changed,
    PARALLEL_READS,
    async (record) => [record, await check(find, record)] as const,
    neverAborted(),
  );
  const compared = new Map(results);
  const checked = Object.freeze(
    records.flatMap((record) => (compared.get(record) ?? checkedRecord.get(record))?.record ?? []),
  );
  if (results.every(([, { isComplete }]) => isComplete)) checkedList.set(records, checked);
  return checked;
}

/**
 * Reports whether a record of {@linkcode listCheckedRecords} agrees with its documents. False while a
 * document is missing or damaged.
 */
export function isVerifiedRecord(record: ImageRecord): boolean {
  return verified.has(record);
}

async function check(find: DocumentFinder, record: ImageRecord): Promise<Checked> {
  const result = await compare(find, record);
  if (!result.isComplete) return result;
  checkedRecord.set(record, result);
  if (result.record !== undefined) verified.add(result.record);
  return result;
}

async function compare(find: DocumentFinder, record: ImageRecord): Promise<Checked> {
  try {
    const loaded = await find(record.manifest);
    if (loaded === undefined) return { record, isComplete: false };
    if (loaded.document.kind !== "manifest") return { record: undefined, isComplete: true };
    const corrected = withManifest(record, loaded.document);
    if (record.target.digest === record.manifest.digest) return { record: corrected, isComplete: true };
    const target = await find(record.target);
    if (target === undefined) return { record: corrected, isComplete: false };
    if (await listsManifest(find, target, record.manifest.digest)) {
      return { record: corrected, isComplete: true };
    }
    return { record: withoutTarget(corrected), isComplete: true };
  } catch (error) {
    // The documents are intact but aren't what the record claims.
    if (error instanceof AppError) return { record: undefined, isComplete: true };
    throw error;
  }
}

/** Returns the same object if the record is right. */
function withManifest(record: ImageRecord, { config, layers }: Manifest): ImageRecord {
  const kind = isImageConfigType(config.mediaType) ? record.kind : "artifact";
  const imageId = kind === "image" ? config.digest : record.manifest.digest;
  const size = sizeOf([record.manifest, config, ...layers]);
  // No pull was in the future, and a later one must sort before it.
  const pulledAt = Math.min(record.pulledAt, Date.now());
  if (
    kind === record.kind && imageId === record.imageId && size === record.size && pulledAt === record.pulledAt
  ) return record;
  return { ...record, kind, imageId, size, pulledAt };
}

/** Returns the total size of blobs in bytes. Each digest counts once. */
export function sizeOf(descriptors: readonly Descriptor[]): number {
  const sizes = new Map(descriptors.map(({ digest, size }) => [digest, size]));
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

/** The name of a tag can still refer to the manifest; a digest in the name would be wrong. */
function withoutTarget(record: ImageRecord): ImageRecord | undefined {
  if (isDigestName(record.name)) return undefined;
  return { ...record, target: record.manifest, scope: "one-platform" };
}

/**
 * Reports whether an index or an index nested in it lists a manifest. Nested indexes that aren't stored or
 * are invalid count as empty.
 */
export async function listsManifest(
  find: DocumentFinder,
  index: LoadedDocument,
  manifest: Digest,
): Promise<boolean> {
  const indexes = await walkIndexes(
    index,
    async (entry) => await find(entry) ?? emptyIndex(entry),
    neverAborted(),
    // A pull also accepts an index with an invalid sibling.
    () => {},
  );
  return indexes.some(({ document }) =>
    document.kind === "index" && document.manifests.some(({ digest }) => digest === manifest)
  );
}

/** What stands in for a nested index that isn't stored. */
export function emptyIndex(descriptor: Descriptor): LoadedDocument {
  const { mediaType } = descriptor;
  return { descriptor, bytes: new Uint8Array(), document: { kind: "index", mediaType, manifests: [] } };
}
