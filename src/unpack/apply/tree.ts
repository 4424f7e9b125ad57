/**
 * A tree that layers are put into: what all layers of one root share.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { DenoFs } from "../fs/deno_fs.ts";
import { Directories } from "./directories.ts";
import { Skipped, type SkippedKind } from "./skipped.ts";
import { openLibc } from "../fs/libc.ts";
import { LibcFs } from "../fs/libc_fs.ts";
import type { TreeFs } from "../fs/tree_fs.ts";

/** An open tree and what is known of it. Dispose it. */
export class Tree<Dir> implements Disposable {
  readonly fs: TreeFs<Dir>;
  readonly root: Dir;
  readonly directories: Directories = new Directories();
  readonly leftOut: Skipped = new Skipped();
  /** Paths that were left out, so that hard links to them, also of later layers, are left out too. */
  readonly absent: Map<string, SkippedKind> = new Map();

  /** Opens the root. */
  constructor(fs: TreeFs<Dir>, path: string) {
    this.fs = fs;
    this.root = fs.openRoot(path);
  }

  /** Removes all that is in the root, the root itself not. */
  clear(): void {
    for (const name of this.fs.listNames(this.root)) this.fs.removeTree(this.root, name);
  }

  /** Closes the root. */
  [Symbol.dispose](): void {
    this.fs.close(this.root);
  }
}

/** Which calls to use: the complete ones where they are allowed, or one kind for certain. */
export type TreeCalls = "best" | "deno" | "libc";

/**
 * Runs work on a tree with the file system that `calls` names.
 *
 * @throws AppError `permission_denied` if libc is wanted and not allowed, or what the work throws
 */
export async function withTree<T>(
  path: string,
  calls: TreeCalls,
  work: <Dir>(tree: Tree<Dir>) => Promise<T>,
): Promise<T> {
  using libc = calls === "deno" ? undefined : openLibc();
  if (libc !== undefined) {
    using tree = new Tree(new LibcFs(libc), path);
    return await work(tree);
  }
  if (calls === "libc") {
    throw new AppError(
      "permission_denied",
      `Cannot unpack to "${path}": the C library is needed for this, want --allow-ffi`,
    );
  }
  using tree = new Tree(await DenoFs.open(), path);
  return await work(tree);
}
