/**
 * The entries of an `index.json` that are images. Some tools also list the manifests of an index, and
 * attachments such as signatures, next to it.
 *
 * @module
 */
import { isCode } from "../../base/errors.ts";
import type { ContentReader } from "../../content/store.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { emptyIndex } from "../model/checked_records.ts";
import { walkIndexes } from "../model/choose.ts";
import { type DocumentFinder, documentFinder, type LoadedDocument } from "../model/documents.ts";

/** An entry of `index.json`. */
export interface LayoutEntry {
  readonly descriptor: Descriptor;
  /** The name as the archive has it; undefined if it has none. */
  readonly written: string | undefined;
}

/**
 * Returns the entries without those that belong to another entry: manifests of a listed index, and
 * attachments of a listed manifest (OCI image spec 1.1, manifest.md, "subject"). An entry with another name
 * is an image in any case. An index is listed twice if two names point at it.
 */
export async function rootEntries(
  store: ContentReader,
  entries: readonly LayoutEntry[],
  signal: AbortSignal,
): Promise<readonly LayoutEntry[]> {
  const find = lenient(documentFinder(store));
  const subjects = new Map<LayoutEntry, Digest>();
  /** By digest, the names of the listed indexes that contain it. */
  const parents = new Map<Digest, Set<string | undefined>>();
  const partsOfIndex = new Map<Digest, ReadonlySet<Digest>>();
  for (const entry of entries) {
    const { descriptor, written } = entry;
    const loaded = await find(descriptor);
    if (loaded?.document.kind === "manifest") {
      const { subject } = loaded.document;
      if (subject !== undefined) subjects.set(entry, subject.digest);
    } else if (loaded !== undefined) {
      const parts = partsOfIndex.get(descriptor.digest) ?? await partsOf(find, loaded, signal);
      partsOfIndex.set(descriptor.digest, parts);
      for (const digest of parts) parents.set(digest, (parents.get(digest) ?? new Set()).add(written));
    }
  }
  const listed = new Set(entries.map(({ descriptor }) => descriptor.digest));
  return entries.filter((entry) => {
    const { descriptor: { digest }, written } = entry;
    const names = parents.get(digest);
    const isPart = names !== undefined && (written === undefined || names.has(written));
    const subject = subjects.get(entry);
    const isAttachment = written === undefined && subject !== undefined && subject !== digest &&
      (listed.has(subject) || parents.has(subject));
    return !isPart && !isAttachment;
  });
}

/** Returns the digests of everything that an index lists, directly or in nested indexes. */
async function partsOf(
  find: DocumentFinder,
  index: LoadedDocument,
  signal: AbortSignal,
): Promise<ReadonlySet<Digest>> {
  const load = async (entry: Descriptor) => await find(entry) ?? emptyIndex(entry);
  const indexes = await walkIndexes(index, load, signal);
  return new Set(
    indexes.flatMap(({ document }) =>
      document.kind === "index" ? document.manifests.map(({ digest }) => digest) : []
    ),
  );
}

/** Also finds no invalid documents: making a record of the entry reports the error. */
function lenient(find: DocumentFinder): DocumentFinder {
  return async ({ mediaType, digest, size }) => {
    try {
      return await find({ mediaType, digest, size });
    } catch (error) {
      if (isCode(error, "invalid_content", "unsupported", "limit_exceeded")) return undefined;
      throw error;
    }
  };
}
