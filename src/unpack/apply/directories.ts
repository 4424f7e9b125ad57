/**
 * Directories' modes and times, kept until the end: whatever is put into a directory changes its time, and a mode
 * without write permission would keep an ordinary user out of his own tree.
 *
 * @module
 */
import type { TarTime } from "../../tar/entry.ts";
import type { PathSegments } from "./entry_path.ts";
import { keyOf } from "./entry_path.ts";
import { SELF, type TreeFs } from "../fs/tree_fs.ts";
import { PathResolver } from "./path_resolver.ts";

interface Pending {
  readonly steps: PathSegments;
  readonly mode: number;
  readonly mtime: TarTime;
}

/** Remembers what directories shall have at the end. */
export class Directories {
  readonly #pending = new Map<string, Pending>();

  /** Remembers; the last word counts. */
  set(steps: PathSegments, { mode, mtime }: { readonly mode: number; readonly mtime: TarTime }): void {
    this.#pending.set(keyOf(steps), { steps, mode, mtime });
  }

  /** Forgets a directory that was removed, and all below it. */
  forget(steps: PathSegments): void {
    const key = keyOf(steps);
    // All directories of the tree are in here: what is not has nothing below it, and most removed things are files.
    if (!this.#pending.delete(key)) return;
    for (const other of this.#pending.keys()) if (other.startsWith(`${key}/`)) this.#pending.delete(other);
  }

  /** Sets modes and times, children before their parents: who may not enter a directory any more need not. */
  apply<Dir>(fs: TreeFs<Dir>, root: Dir): void {
    using walker = new PathResolver(fs, root);
    // Descending: a path sorts after each of its prefixes, and neighbours share most of the way.
    for (const key of [...this.#pending.keys()].sort().reverse()) {
      const { steps, mode, mtime } = this.#pending.get(key) as Pending;
      const place = walker.walk(steps, { kind: "stop" });
      if (place === undefined) continue;
      fs.setTime(place.directory, SELF, mtime);
      fs.setMode(place.directory, SELF, mode);
    }
    this.#pending.clear();
  }
}
