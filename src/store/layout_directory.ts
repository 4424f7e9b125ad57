/**
 * A directory with a plain OCI image layout (OCI image spec 1.1, image-layout.md): the output of an export.
 *
 * @module
 */
import type { OnSlowWait } from "../base/concurrency/slow_wait.ts";
import type { ContentHold } from "../content/maintenance.ts";
import { lockFile, removeQuietly } from "./fs/fs.ts";
import { attempt, attemptAsync } from "./fs/fs_errors.ts";
import { isMissing } from "../base/system/os_errors.ts";
import { makeRoot, removeTempFiles } from "./layout/layout.ts";
import { checkOwnership } from "./layout/ownership.ts";
import { statIfExists } from "./fs/file_snapshot.ts";
import { plainLayoutPaths, StorePaths } from "./layout/paths.ts";
import { openStore, openStoreAt, type Store, type StoreOptions } from "./store.ts";

/** Options of {@linkcode openLayoutDirectory}. */
export interface LayoutDirectoryOptions extends StoreOptions {
  readonly signal: AbortSignal;
  /** Called if another process uses the directory for longer than a second. */
  readonly onWait?: OnSlowWait;
}

/** A layout that images are being added to. Dispose it on every path. */
export interface LayoutDirectory extends AsyncDisposable {
  /** A store with the content of the layout. */
  readonly store: Store;
  /** Holds content of a store that other processes use; undefined for a plain layout. */
  readonly hold?: ContentHold;
}

/**
 * Opens a layout to add images, and creates it if it doesn't exist. While it is open, a directory
 * `.dray-export` in it has the files of a store that aren't part of a layout. Disposing removes that
 * directory; if the process dies, the next one that opens the layout removes it. The layout's directory is
 * locked, so a second process waits.
 *
 * If the directory is a store of dray, it stays a store, and its locks are used.
 *
 * A new directory can be read by other users, as far as the umask allows: it is the result of an export.
 *
 * @throws AppError as {@linkcode openStore}, or the signal's reason
 */
export async function openLayoutDirectory(
  root: string,
  options: LayoutDirectoryOptions,
): Promise<LayoutDirectory> {
  const store = new StorePaths(root);
  if (isStore(store)) return await openExistingStore(root, options);
  const paths = plainLayoutPaths(root);
  await makeRoot(paths.root, "public");
  // Before anything is removed or locked.
  checkOwnership(paths);
  const lock = await lockDirectory(paths.root, options.signal, options.onWait);
  try {
    await removeWork(paths);
    return {
      store: await openStoreAt(paths, options),
      async [Symbol.asyncDispose]() {
        using _lock = lock;
        await removeWork(paths);
        removeQuietly(paths.indexTemp);
        await removeTempFiles(paths);
      },
    };
  } catch (error) {
    using _lock = lock;
    await removeWork(paths).catch(() => {});
    throw error;
  }
}

async function openExistingStore(
  root: string,
  options: LayoutDirectoryOptions,
): Promise<LayoutDirectory> {
  const store = await openStore(root, options);
  const hold = store.beginHold(options.signal, options.onWait);
  return {
    store,
    hold,
    [Symbol.asyncDispose]() {
      hold[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}

/** A layout of another tool has no lock directory. */
function isStore({ locks }: StorePaths): boolean {
  return statIfExists(locks) !== undefined;
}

async function lockDirectory(
  path: string,
  signal: AbortSignal,
  onWait: OnSlowWait | undefined,
): Promise<Disposable> {
  const directory = attempt("lock", path, () => Deno.openSync(path, { read: true }));
  try {
    await lockFile(directory, path, "exclusive", signal, onWait);
    return directory;
  } catch (error) {
    directory.close();
    throw error;
  }
}

async function removeWork({ work }: StorePaths): Promise<void> {
  try {
    await attemptAsync("remove", work, () => Deno.remove(work, { recursive: true }));
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
