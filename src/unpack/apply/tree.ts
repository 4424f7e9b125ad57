/**
 * A tree that layers are applied to, with the state that all its layers share.
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

/** An open tree. Dispose it. */
export class Tree<Dir> implements Disposable {
  readonly fs: TreeFs<Dir>;
  readonly root: Dir;
  readonly directories: Directories = new Directories();
  readonly skipped: Skipped = new Skipped();
  /** Paths of skipped entries. Hard links to them, also from later layers, are skipped too. */
  readonly skippedPaths: Map<string, SkippedKind> = new Map();

  /** Opens the root. */
  constructor(fs: TreeFs<Dir>, path: string) {
    this.fs = fs;
    this.root = fs.openRoot(path);
  }

  /** Removes everything in the root, but not the root. */
  clear(): void {
    for (const name of this.fs.listNames(this.root)) this.fs.removeTree(this.root, name);
  }

  /** Closes the root. */
  [Symbol.dispose](): void {
    this.fs.close(this.root);
  }
}

/**
 * Selects the system calls: libc if it is permitted and Deno's otherwise ("best"), or always one of the two.
 */
export type TreeCalls = "best" | "deno" | "libc";

/**
 * Opens a tree with the selected system calls, and closes it after `use`.
 *
 * @throws AppError `permission_denied` if `calls` is "libc" and libc is not permitted; errors of `use`
 */
export async function withTree<T>(
  path: string,
  calls: TreeCalls,
  use: <Dir>(tree: Tree<Dir>) => Promise<T>,
): Promise<T> {
  using libc = calls === "deno" ? undefined : openLibc();
  if (libc !== undefined) {
    using tree = new Tree(new LibcFs(libc), path);
    return await use(tree);
  }
  if (calls === "libc") {
    throw new AppError(
      "permission_denied",
      `Cannot unpack to "${path}": missing permission to use the C library: add --allow-ffi`,
    );
  }
  using tree = new Tree(await DenoFs.open(), path);
  return await use(tree);
}
