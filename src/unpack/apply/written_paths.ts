/**
 * The paths that a layer has written. A whiteout hides only paths of lower layers, and may come before or
 * after entries of its own layer, which it must not remove (OCI image spec 1.1, layer.md, "Whiteouts").
 *
 * @module
 */
import { keyOf, type PathSegments } from "./entry_path.ts";

/** Paths that one layer wrote, including all parent directories. */
export class WrittenPaths {
  readonly #paths = new Set<string>();
  readonly #implicit = new Set<string>();

  /** Adds the path of an entry. */
  add(segments: PathSegments): void {
    this.#implicit.delete(keyOf(segments));
    this.#addWithParents(segments);
  }

  /** Adds a directory that was created only as a parent of an entry. */
  addImplicit(segments: PathSegments): void {
    this.#implicit.add(keyOf(segments));
    this.#addWithParents(segments);
  }

  /** Whether the layer wrote this path or a path below it. */
  has(segments: PathSegments): boolean {
    return this.#paths.has(keyOf(segments));
  }

  /** Whether the directory was created only as a parent, without an entry so far. */
  isImplicit(segments: PathSegments): boolean {
    return this.#implicit.has(keyOf(segments));
  }

  /** Forgets a path that was removed, and everything below it. */
  forget(segments: PathSegments): void {
    const key = keyOf(segments);
    this.#implicit.delete(key);
    if (!this.#paths.delete(key)) return;
    for (const set of [this.#paths, this.#implicit]) {
      for (const path of set) if (path.startsWith(`${key}/`)) set.delete(path);
    }
  }

  #addWithParents(segments: PathSegments): void {
    for (let length = segments.length; length > 0; length--) {
      const key = keyOf(segments.slice(0, length));
      if (this.#paths.has(key)) return;
      this.#paths.add(key);
    }
  }
}
