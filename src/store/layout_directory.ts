/**
 * A folder that is to be a plain OCI image layout (OCI image spec 1.1, image-layout.md) and nothing else: what an
 * export fills.
 *
 * @module
 */
import { lockFile, removeQuietly } from "./fs/fs.ts";
import { attempt, attemptAsync } from "./fs/fs_errors.ts";
import { isMissing } from "../base/os_errors.ts";
import { makeRoot, removeTempFiles } from "./layout/layout.ts";
import { statIfThere } from "./fs/file_snapshot.ts";
import { plainLayoutPaths, StorePaths } from "./layout/paths.ts";
import { openStore, openStoreAt, type Store, type StoreOptions } from "./store.ts";

/** A layout that is being filled. Dispose it on every path. */
export interface LayoutDirectory extends AsyncDisposable {
  /** What it holds, and takes. */
  readonly store: Store;
}

/**
 * Opens a layout to add images to, making it if it is missing. While it is open, what a store needs beside a layout is
 * in a folder `.dray-export` within. Disposing removes that; a process that dies leaves it, and the next one to open
 * the layout removes it. The directory itself is the lock: of two at once, one waits for the other.
 *
 * A store of ours stays what it is, with its locks honoured.
 *
 * @throws AppError as {@linkcode openStore}, or the signal's reason
 */
export async function openLayoutDirectory(
  root: string,
  options: StoreOptions & { readonly signal: AbortSignal },
): Promise<LayoutDirectory> {
  const store = new StorePaths(root);
  if (isStore(store)) return await openHeld(root, options);
  const paths = plainLayoutPaths(root);
  await makeRoot(paths.root);
  const lock = await lockDirectory(paths.root, options.signal);
  try {
    await removeWork(paths);
    return {
      store: await openStoreAt(paths, options),
      async [Symbol.asyncDispose]() {
        using _lock = lock;
        await removeWork(paths);
        removeQuietly(paths.indexAside);
        await removeTempFiles(paths);
      },
    };
  } catch (error) {
    using _lock = lock;
    await removeWork(paths).catch(() => {});
    throw error;
  }
}

/** Its collector must not sweep what comes before a name points at it. */
async function openHeld(
  root: string,
  options: StoreOptions & { readonly signal: AbortSignal },
): Promise<LayoutDirectory> {
  const store = await openStore(root, options);
  const held = await store.holdContent(options.signal);
  return {
    store,
    [Symbol.asyncDispose]() {
      held[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}

/** A layout of another tool has no locks. */
function isStore({ locks }: StorePaths): boolean {
  return statIfThere(locks) !== undefined;
}

async function lockDirectory(path: string, signal: AbortSignal): Promise<Disposable> {
  const directory = attempt("lock", path, () => Deno.openSync(path, { read: true }));
  try {
    await lockFile(directory, path, "exclusive", signal);
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
