/**
 * Modes and times of directories, set only after all entries are applied: creating an entry changes the time
 * of its directory, and a mode without write permission would prevent an ordinary user from adding entries.
 *
 * @module
 */
import type { TarTime } from "../../tar/entry.ts";
import type { PathSegments } from "./entry_path.ts";
import { keyOf } from "./entry_path.ts";
import { SELF, type TreeFs } from "../fs/tree_fs.ts";
import { PathResolver } from "./path_resolver.ts";

interface Pending {
  readonly segments: PathSegments;
  readonly mode: number;
  readonly mtime: TarTime;
}

/** Collects the final modes and times of directories. */
export class Directories {
  readonly #pending = new Map<string, Pending>();

  /** Records mode and time of a directory; a later call replaces an earlier one. */
  set(segments: PathSegments, { mode, mtime }: { readonly mode: number; readonly mtime: TarTime }): void {
    this.#pending.set(keyOf(segments), { segments, mode, mtime });
  }

  /** Forgets a removed directory and everything below it. */
  forget(segments: PathSegments): void {
    const key = keyOf(segments);
    // Most removed paths are files. Every directory of the tree is pending, so a path that isn't has nothing
    // below it.
    if (!this.#pending.delete(key)) return;
    for (const other of this.#pending.keys()) if (other.startsWith(`${key}/`)) this.#pending.delete(other);
  }

  /** Sets modes and times. Children come before parents, which may become inaccessible. */
  apply<Dir>(fs: TreeFs<Dir>, root: Dir): void {
    using resolver = new PathResolver(fs, root);
    // Descending order: a path sorts after its prefixes, and the resolver reuses the directories that
    // neighbours share.
    for (const key of [...this.#pending.keys()].sort().reverse()) {
      const { segments, mode, mtime } = this.#pending.get(key) as Pending;
      const resolved = resolver.resolve(segments, { kind: "stop" });
      if (resolved === undefined) continue;
      fs.setTime(resolved.directory, SELF, mtime);
      fs.setMode(resolved.directory, SELF, mode);
    }
    this.#pending.clear();
  }
}
