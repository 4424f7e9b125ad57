/**
 * What a layer has put into the tree, so that its own whiteouts, which speak of the layers below alone, never remove
 * it: they may stand before or after what they must spare.
 *
 * @module
 */
import { keyOf, type PathSegments } from "./entry_path.ts";

/** Paths that one layer made, with all directories on their way. */
export class WrittenPaths {
  readonly #paths = new Set<string>();
  readonly #implied = new Set<string>();

  /** Notes a path that an entry is about. */
  add(steps: PathSegments): void {
    this.#implied.delete(keyOf(steps));
    this.#addWithParents(steps);
  }

  /** Notes a directory that was made because something is below it. */
  addImplied(steps: PathSegments): void {
    this.#implied.add(keyOf(steps));
    this.#addWithParents(steps);
  }

  /** Whether the layer made it or something below it. */
  has(steps: PathSegments): boolean {
    return this.#paths.has(keyOf(steps));
  }

  /** Whether no entry so far is about this directory itself. */
  isImplied(steps: PathSegments): boolean {
    return this.#implied.has(keyOf(steps));
  }

  /** Forgets what was removed to make room, and all below it. */
  forget(steps: PathSegments): void {
    const key = keyOf(steps);
    this.#implied.delete(key);
    if (!this.#paths.delete(key)) return;
    for (const set of [this.#paths, this.#implied]) {
      for (const path of set) if (path.startsWith(`${key}/`)) set.delete(path);
    }
  }

  #addWithParents(steps: PathSegments): void {
    for (let length = steps.length; length > 0; length--) {
      const key = keyOf(steps.slice(0, length));
      if (this.#paths.has(key)) return;
      this.#paths.add(key);
    }
  }
}
