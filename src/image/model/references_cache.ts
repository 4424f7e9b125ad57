/**
 * A cache of references, for a server: a sweep after each removal must not read every manifest again.
 *
 * @module
 */
import type { ImageRecord } from "../../content/image_store.ts";
import type { ContentReader } from "../../content/store.ts";
import { type References, ReferenceWalker } from "./references.ts";

/** The part of a record that determines its references. */
export type ReferencesKey = Pick<ImageRecord, "target" | "manifest" | "scope">;

/** Returns the references of records, and caches complete ones: documents are named by digest and never change. */
export class ReferencesCache {
  readonly #store: ContentReader;
  #cache = new Map<string, References>();

  /** @param store contains the documents */
  constructor(store: ContentReader) {
    this.#store = store;
  }

  /** Returns the references of a record. Incomplete results aren't cached. */
  async referencesOf(record: ReferencesKey): Promise<References> {
    const key = keyOf(record);
    const cached = this.#cache.get(key);
    if (cached !== undefined) return cached;
    const references = await new ReferenceWalker(this.#store).referencesOf(record);
    if (references.unknown.length === 0) this.#cache.set(key, references);
    return references;
  }

  /** Deletes the entries of all other records. */
  keepOnly(records: readonly ReferencesKey[]): void {
    const retained = new Map<string, References>();
    for (const record of records) {
      const key = keyOf(record);
      const references = this.#cache.get(key);
      if (references !== undefined) retained.set(key, references);
    }
    this.#cache = retained;
  }
}

function keyOf({ target, manifest, scope }: ReferencesKey): string {
  return `${target.digest} ${manifest.digest} ${scope}`;
}
