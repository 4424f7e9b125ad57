/**
 * Image records in `index.json`, which may also contain descriptors of other tools.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import type { ImageRecord } from "../../content/image_store.ts";
import { type Descriptor, readDescriptor } from "../../oci/descriptor.ts";
import { findDigest } from "../../oci/digest.ts";
import type { JsonObject } from "../../oci/json.ts";
import type { IndexFile } from "./index_file.ts";
import type { IndexContent } from "./index_text.ts";
import { descriptorOf, recordFrom, refNameOf } from "./record.ts";

/** The parsed records of one version of the index. */
interface View {
  readonly content: IndexContent;
  /** Records by name, sorted. */
  readonly records: ReadonlyMap<string, ImageRecord>;
  /** The same as a list: one object per version, so that callers can detect a change by identity. */
  readonly list: readonly ImageRecord[];
  /** The descriptor of each record. */
  readonly sources: ReadonlyMap<string, JsonObject>;
  /** Descriptors of other tools, in the order of the file. */
  readonly unmanaged: readonly JsonObject[];
}

/** The records. There is one descriptor per name; descriptors without our annotations stay unchanged. */
export class Images {
  readonly #indexFile: IndexFile;
  #view: View | undefined;

  constructor(indexFile: IndexFile) {
    this.#indexFile = indexFile;
  }

  /** See `ImageStore.listImages`. */
  async list(): Promise<readonly ImageRecord[]> {
    return this.#viewOf(await this.#indexFile.read()).list;
  }

  /** See `ImageStore.listUnmanaged`. Those with an unknown digest algorithm are kept but not listed. */
  async listUnmanaged(): Promise<readonly Descriptor[]> {
    return this.#viewOf(await this.#indexFile.read()).unmanaged.flatMap(readUnmanaged);
  }

  /** See `ImageStore.updateImages`. */
  async update(
    change: (records: ReadonlyMap<string, ImageRecord>) => Iterable<ImageRecord>,
    signal: AbortSignal,
  ): Promise<readonly ImageRecord[]> {
    const after = await this.#indexFile.update((content) => {
      const view = this.#viewOf(content);
      return contentOf(view, uniqueByName(change(view.records)));
    }, signal);
    return this.#viewOf(after).list;
  }

  #viewOf(content: IndexContent): View {
    if (this.#view?.content === content) return this.#view;
    return this.#view = viewOf(content);
  }
}

/**
 * Reads a descriptor leniently: a garbage collector must keep every blob that one names, even if it is
 * malformed.
 */
function readUnmanaged(raw: JsonObject): readonly Descriptor[] {
  try {
    return [readDescriptor(raw, "index.json")];
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { mediaType, size } = raw;
    const digest = typeof raw.digest === "string" ? findDigest(raw.digest) : undefined;
    if (digest === undefined) return [];
    return [{
      mediaType: typeof mediaType === "string" ? mediaType : "",
      digest,
      size: typeof size === "number" ? size : 0,
    }];
  }
}

/** Records by descriptor. Most descriptors are the same objects in the next version of the index. */
const recordsOfDescriptors = new WeakMap<JsonObject, ImageRecord>();

function cachedRecord(raw: JsonObject): ImageRecord | undefined {
  const cached = recordsOfDescriptors.get(raw);
  if (cached !== undefined) return cached;
  const record = recordFrom(raw);
  if (record !== undefined) recordsOfDescriptors.set(raw, record);
  return record;
}

function viewOf(content: IndexContent): View {
  const found: [ImageRecord, JsonObject][] = [];
  const unmanaged: JsonObject[] = [];
  for (const raw of content.manifests) {
    const record = cachedRecord(raw);
    if (record === undefined) unmanaged.push(raw);
    else found.push([record, raw]);
  }
  found.sort(([a], [b]) => a.name < b.name ? -1 : 1);
  return {
    content,
    ...byName(found.map(([record]) => record)),
    sources: new Map(found.map(([record, raw]) => [record.name, raw])),
    unmanaged,
  };
}

/** If two descriptors have the same name, the last one counts. */
function byName(sorted: readonly ImageRecord[]): Pick<View, "records" | "list"> {
  const records = new Map(sorted.map((record) => [record.name, record]));
  return { records, list: Object.freeze([...records.values()]) };
}

function uniqueByName(records: Iterable<ImageRecord>): readonly ImageRecord[] {
  const byName = new Map<string, ImageRecord>();
  for (const record of records) {
    if (byName.has(record.name)) {
      throw new AppError("internal", `Cannot record image "${record.name}": the name occurs twice`);
    }
    byName.set(record.name, record);
  }
  return [...byName.values()];
}

/** The content with these records; the same object if nothing changed. */
function contentOf(view: View, records: readonly ImageRecord[]): IndexContent {
  let isChanged = records.length !== view.records.size;
  const changedNames = new Set<string>();
  // Sorted by name, so that a change leaves most of the text unchanged and `diff` shows only the change.
  const sorted = [...records].sort((a, b) => a.name < b.name ? -1 : 1);
  const manifests = sorted.map((record) => {
    const source = view.sources.get(record.name);
    if (source !== undefined && view.records.get(record.name) === record) return source;
    isChanged = true;
    changedNames.add(record.name);
    return descriptorOf(record, source);
  });
  if (!isChanged) return view.content;
  // Tools differ in which of two descriptors with one name they use, so ours replaces one of another tool.
  const retained = view.unmanaged.filter((raw) => !changedNames.has(refNameOf(raw) ?? ""));
  return { manifests: [...retained, ...manifests], rest: view.content.rest };
}
