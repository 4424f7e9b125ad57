/**
 * An image that was found in an archive.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import type { ContentReader } from "../../content/store.ts";
import { parseReference, recordedNameOf } from "../../oci/reference.ts";
import type { References } from "../model/references.ts";
import type { NamelessRecord } from "../model/record.ts";

/** An image whose blobs have all been stored. */
export interface ArchivedImage {
  readonly record: NamelessRecord;
  /** Names in full. */
  readonly names: readonly string[];
  /** What the archive has instead of a name: a tag without repository. */
  readonly hint?: string;
}

/**
 * Checks a name's digest: an archive can name any digest, and a client that asks for it trusts that the
 * content has it.
 *
 * @param name a name in full
 * @throws AppError `digest_mismatch`
 */
export function checkNamedDigest(name: string, { target }: NamelessRecord): void {
  const { digest } = parseReference(name);
  if (digest === undefined || digest === target.digest) return;
  throw new AppError(
    "digest_mismatch",
    `Cannot import "${name}": the image in the archive has the digest "${target.digest}"; choose a name with --name`,
    { details: { want: digest, got: target.digest } },
  );
}

/** Returns the full form of a name, or undefined for text without repository, such as the tag `latest`. */
export function fullNameOf(text: string): string | undefined {
  if (!/[/:]/.test(text)) return undefined;
  try {
    return recordedNameOf(parseReference(text));
  } catch {
    return undefined;
  }
}

/** Returns the digest of a referenced blob that is missing from the store or has another size. */
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

/** Returns the error for an incomplete image. */
export function missingBlobError(image: string, digest: string): AppError {
  return new AppError(
    "invalid_content",
    `Cannot import image "${image}": blob "${digest}" is missing from the archive`,
  );
}
