/**
 * Closures that are kept: for a server that sweeps after each removal and must not read every manifest each time.
 *
 * @module
 */
import type { ImageRecord } from "../../content/image_store.ts";
import type { ContentReader } from "../../content/store.ts";
import { type Closure, ClosureWalker } from "./references.ts";

/** The part of a record that decides about its closure. */
export type ClosureKey = Pick<ImageRecord, "target" | "manifest" | "scope">;

/** Gives closures of records, and remembers those that are whole: documents are named by digest and never change. */
export class ClosureCache {
  readonly #store: ContentReader;
  #closures = new Map<string, Closure>();

  /** @param store where the documents are */
  constructor(store: ContentReader) {
    this.#store = store;
  }

  /** The closure of a record. One that has gaps is looked at again the next time. */
  async closureOf(record: ClosureKey): Promise<Closure> {
    const key = keyOf(record);
    const known = this.#closures.get(key);
    if (known !== undefined) return known;
    const closure = await new ClosureWalker(this.#store).closureOf(record);
    if (closure.unknown.length === 0) this.#closures.set(key, closure);
    return closure;
  }

  /** Forgets what no record needs. */
  keepOnly(records: readonly ClosureKey[]): void {
    const kept = new Map<string, Closure>();
    for (const record of records) {
      const key = keyOf(record);
      const closure = this.#closures.get(key);
      if (closure !== undefined) kept.set(key, closure);
    }
    this.#closures = kept;
  }
}

function keyOf({ target, manifest, scope }: ClosureKey): string {
  return `${target.digest} ${manifest.digest} ${scope}`;
}
