/**
 * Which images are completely stored. A client that is told about an incomplete image doesn't pull it again.
 *
 * @module
 */
import type { ImageRecord } from "../../content/image_store.ts";
import type { ContentReader } from "../../content/store.ts";
import { isVerifiedRecord } from "../../image/model/checked_records.ts";
import type { MetadataCache } from "../../image/model/metadata.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";

/** How long a complete image counts as complete without another check, in milliseconds. */
const RECHECK_MS = 1000;
/** Records checked again per call: a list of thousands of images must not wait for all of their files. */
const RECHECKED_RECORDS = 20;

/** Dependencies of {@linkcode StoredRecords}. */
export interface StoredRecordsDeps {
  readonly store: ContentReader;
  /** Contains the blobs of each image. */
  readonly metadata: MetadataCache;
  /** Called once for each record with a missing or damaged blob. */
  onMissing(record: ImageRecord, digest: Digest): void;
}

/** Sizes of the blobs that one pass has looked up; undefined for missing ones. */
type Sizes = Map<Digest, number | undefined>;

/** Compares records with the blobs of the store, by size. Documents were also hashed when they were read. */
export class StoredRecords {
  readonly #deps: StoredRecordsDeps;
  /** When each complete record was checked, in milliseconds of `performance.now()`. */
  #checkedAt = new WeakMap<ImageRecord, number>();
  readonly #reported = new WeakSet<ImageRecord>();
  #position = 0;
  #rotatedAt = 0;

  constructor(deps: StoredRecordsDeps) {
    this.#deps = deps;
  }

  /** Returns the records that are complete. Doesn't check again those that were complete before. */
  async select(records: readonly ImageRecord[]): Promise<readonly ImageRecord[]> {
    const complete: ImageRecord[] = [];
    const sizes: Sizes = new Map();
    for (const record of records) {
      if (this.#checkedAt.has(record) || await this.#check(record, sizes)) complete.push(record);
    }
    return complete;
  }

  /** Checks records again. @returns whether all are still complete */
  async areStored(records: readonly ImageRecord[]): Promise<boolean> {
    let areComplete = true;
    const sizes: Sizes = new Map();
    for (const record of records) {
      if (performance.now() - (this.#checkedAt.get(record) ?? -Infinity) < RECHECK_MS) continue;
      if (!await this.#check(record, sizes)) areComplete = false;
    }
    return areComplete;
  }

  /**
   * Checks the next few of the records again, at most once per second.
   *
   * @returns whether they are still complete
   */
  async rotate(records: readonly ImageRecord[]): Promise<boolean> {
    const now = performance.now();
    if (now - this.#rotatedAt < RECHECK_MS) return true;
    this.#rotatedAt = now;
    const begin = this.#position < records.length ? this.#position : 0;
    this.#position = begin + RECHECKED_RECORDS;
    return await this.areStored(records.slice(begin, this.#position));
  }

  async #check(record: ImageRecord, sizes: Sizes): Promise<boolean> {
    const { metadata, onMissing } = this.#deps;
    this.#checkedAt.delete(record);
    const found = metadata.find(record);
    // The metadata cache has reported an unreadable manifest or config.
    if (found === undefined) return false;
    const missing = isVerifiedRecord(record)
      ? await this.#findMissing([record.target, record.manifest, ...found.content], sizes)
      : record.target.digest;
    if (missing === undefined) {
      this.#checkedAt.set(record, performance.now());
      return true;
    }
    if (!this.#reported.has(record)) onMissing(record, missing);
    this.#reported.add(record);
    return false;
  }

  async #findMissing(
    blobs: readonly Pick<Descriptor, "digest" | "size">[],
    sizes: Sizes,
  ): Promise<Digest | undefined> {
    for (const { digest, size } of blobs) {
      if (!sizes.has(digest)) sizes.set(digest, (await this.#deps.store.findBlob(digest))?.size);
      if (sizes.get(digest) !== size) return digest;
    }
    return undefined;
  }
}
