/**
 * Image records in `index.json`, beside whatever other tools keep there.
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

/** One content of the index, understood. */
interface View {
  readonly content: IndexContent;
  /** Records by name, sorted. */
  readonly records: ReadonlyMap<string, ImageRecord>;
  /** The same as a list: one object as long as the content stands, so that callers can tell by it. */
  readonly list: readonly ImageRecord[];
  /** The descriptor that each record came from. */
  readonly sources: ReadonlyMap<string, JsonObject>;
  /** Descriptors of other tools, in their order. */
  readonly foreign: readonly JsonObject[];
}

/** The records. One descriptor for each name; descriptors without our annotations are kept untouched. */
export class Images {
  readonly #indexFile: IndexFile;
  #view: View | undefined;

  constructor(indexFile: IndexFile) {
    this.#indexFile = indexFile;
  }

  /** As `ImageStore.listImages`. */
  async list(): Promise<readonly ImageRecord[]> {
    return this.#viewOf(await this.#indexFile.read()).list;
  }

  /** As `ImageStore.listForeign`. Those whose digest is of an unknown algorithm are kept, and not listed. */
  async listForeign(): Promise<readonly Descriptor[]> {
    return this.#viewOf(await this.#indexFile.read()).foreign.flatMap(readForeign);
  }

  /** As `ImageStore.updateImages`. */
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

/** What can be read of a descriptor: as long as it names a blob, a collector must hear of it. */
function readForeign(raw: JsonObject): readonly Descriptor[] {
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

/** Records by the descriptors that they came from: most of these are the same objects from one content to the next. */
const recordsOfDescriptors = new WeakMap<JsonObject, ImageRecord>();

function recordOf(raw: JsonObject): ImageRecord | undefined {
  const known = recordsOfDescriptors.get(raw);
  if (known !== undefined) return known;
  const record = recordFrom(raw);
  if (record !== undefined) recordsOfDescriptors.set(raw, record);
  return record;
}

function viewOf(content: IndexContent): View {
  const found: [ImageRecord, JsonObject][] = [];
  const foreign: JsonObject[] = [];
  for (const raw of content.manifests) {
    const record = recordOf(raw);
    if (record === undefined) foreign.push(raw);
    else found.push([record, raw]);
  }
  found.sort(([a], [b]) => a.name < b.name ? -1 : 1);
  return {
    content,
    ...byName(found.map(([record]) => record)),
    sources: new Map(found.map(([record, raw]) => [record.name, raw])),
    foreign,
  };
}

/** Of two descriptors with one name the last one counts, in the list too. */
function byName(sorted: readonly ImageRecord[]): Pick<View, "records" | "list"> {
  const records = new Map(sorted.map((record) => [record.name, record]));
  return { records, list: Object.freeze([...records.values()]) };
}

function uniqueByName(records: Iterable<ImageRecord>): readonly ImageRecord[] {
  const byName = new Map<string, ImageRecord>();
  for (const record of records) {
    if (byName.has(record.name)) {
      throw new AppError("internal", `Cannot record image "${record.name}": the name stands for two images`);
    }
    byName.set(record.name, record);
  }
  return [...byName.values()];
}

/** The content in which these records stand; the same object if nothing is different. */
function contentOf(view: View, records: readonly ImageRecord[]): IndexContent {
  let isChanged = records.length !== view.records.size;
  const fresh = new Set<string>();
  // In the order of their names: so a change leaves most of the text as it was, and `diff` shows the change alone.
  const sorted = [...records].sort((a, b) => a.name < b.name ? -1 : 1);
  const manifests = sorted.map((record) => {
    const source = view.sources.get(record.name);
    if (source !== undefined && view.records.get(record.name) === record) return source;
    isChanged = true;
    fresh.add(record.name);
    return descriptorOf(record, source);
  });
  if (!isChanged) return view.content;
  // Two descriptors of one name would leave it to each tool which it means: the newer one replaces a foreign one.
  const kept = view.foreign.filter((raw) => !fresh.has(refNameOf(raw) ?? ""));
  return { manifests: [...kept, ...manifests], rest: view.content.rest };
}
