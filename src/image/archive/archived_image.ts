/**
 * An image that an archive turned out to hold.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import type { ContentReader } from "../../content/store.ts";
import { parseReference, recordedNameOf } from "../../oci/reference.ts";
import type { References } from "../model/references.ts";
import type { NamelessRecord } from "../model/record.ts";

/** An image with all its blobs in the store. */
export interface ArchivedImage {
  readonly record: NamelessRecord;
  /** Its names in full. */
  readonly names: readonly string[];
  /** What the archive says in place of a name: a bare tag. */
  readonly hint?: string;
}

/** A name of an archive in full, or undefined for text that names no repository: `latest` and `1.2` are only tags. */
export function fullNameOf(text: string): string | undefined {
  if (!/[/:]/.test(text)) return undefined;
  try {
    return recordedNameOf(parseReference(text));
  } catch {
    return undefined;
  }
}

/** The first blob of a closure that the store lacks, for errors. */
export async function findMissingBlob(
  store: ContentReader,
  { blobs, unknown }: References,
): Promise<string | undefined> {
  const [document] = unknown;
  if (document !== undefined) return document.digest;
  for (const [digest, { descriptor }] of blobs) {
    if ((await store.findBlob(digest))?.size !== descriptor.size) return digest;
  }
  return undefined;
}

/** The error for an archive that is not whole. */
export function missingBlobError(image: string, digest: string): AppError {
  return new AppError(
    "invalid_content",
    `Cannot import image "${image}": the archive lacks blob "${digest}"`,
  );
}
