/**
 * ReferenceSource that are kept: for a server that sweeps after each removal and must not read every manifest each time.
 *
 * @module
 */
import type { ImageRecord } from "../../content/image_store.ts";
import type { ContentReader } from "../../content/store.ts";
import { type References, ReferenceWalker } from "./references.ts";

/** The part of a record that decides about its closure. */
export type ReferencesKey = Pick<ImageRecord, "target" | "manifest" | "scope">;

/** Gives closures of records, and remembers those that are whole: documents are named by digest and never change. */
export class ReferencesCache {
  readonly #store: ContentReader;
  #closures = new Map<string, References>();

  /** @param store where the documents are */
  constructor(store: ContentReader) {
    this.#store = store;
  }

  /** The closure of a record. One that has gaps is looked at again the next time. */
  async referencesOf(record: ReferencesKey): Promise<References> {
    const key = keyOf(record);
    const known = this.#closures.get(key);
    if (known !== undefined) return known;
    const closure = await new ReferenceWalker(this.#store).referencesOf(record);
    if (closure.unknown.length === 0) this.#closures.set(key, closure);
    return closure;
  }

  /** Forgets what no record needs. */
  keepOnly(records: readonly ReferencesKey[]): void {
    const kept = new Map<string, References>();
    for (const record of records) {
      const key = keyOf(record);
      const closure = this.#closures.get(key);
      if (closure !== undefined) kept.set(key, closure);
    }
    this.#closures = kept;
  }
}

function keyOf({ target, manifest, scope }: ReferencesKey): string {
  return `${target.digest} ${manifest.digest} ${scope}`;
}
