/**
 * Measuring the disk usage of a store.
 *
 * @module
 */
import type { StoreUsage } from "../content/maintenance.ts";
import { attemptAsync } from "./fs/fs_errors.ts";
import { isMissing } from "../base/system/os_errors.ts";
import { entriesIn, inBatches } from "./fs/file_snapshot.ts";
import { parseIngestName, type StorePaths } from "./layout/paths.ts";

/** The unit of `st_blocks` in POSIX, independent of the file system's block size. */
const BLOCK_BYTES = 512;

interface Tally {
  files: number;
  bytes: number;
  inodes: number;
  /** Files with several names that are already counted: `device:inode`. */
  readonly counted: Set<string>;
}

/** See `StoreMaintenance.usage`. */
export async function countUsage(paths: StorePaths): Promise<StoreUsage> {
  const [blobs, partials, layers] = await Promise.all([
    countTree(paths.blobs),
    countTree(paths.ingest),
    countTree(paths.layers),
  ]);
  return {
    blobs: blobs.files,
    blobBytes: blobs.bytes,
    partials: await countPartials(paths),
    partialBytes: partials.bytes,
    layerBytes: layers.bytes,
    inodes: blobs.inodes + partials.inodes + layers.inodes,
    ...await findSpace(paths.root),
  };
}

/** A small ingest may have two files in this directory. */
async function countPartials(paths: StorePaths): Promise<number> {
  const entries = await entriesIn(paths.ingest);
  return new Set(entries.map(({ name }) => {
    const ingest = parseIngestName(name);
    return ingest === undefined ? name : paths.ingestOf(ingest).data;
  })).size;
}

/** Allocated bytes of everything below a directory and of the directory itself; hard links count once. */
export async function measureTree(root: string): Promise<number> {
  const tally = await countTree(root);
  await countEntry(root, tally);
  return tally.bytes;
}

async function countTree(root: string): Promise<Tally> {
  const tally: Tally = { files: 0, bytes: 0, inodes: 0, counted: new Set() };
  // The directory itself isn't counted, because an empty store has it too.
  const directories = [root];
  for (let directory = directories.pop(); directory !== undefined; directory = directories.pop()) {
    const paths: string[] = [];
    for (const entry of await entriesIn(directory)) {
      const path = `${directory}/${entry.name}`;
      if (entry.isDirectory) directories.push(path);
      paths.push(path);
    }
    for (const batch of inBatches(paths)) await Promise.all(batch.map((path) => countEntry(path, tally)));
  }
  return tally;
}

/** Counts one entry, unless it was removed since it was listed. */
async function countEntry(path: string, tally: Tally): Promise<void> {
  try {
    const info = await attemptAsync("read", path, () => Deno.lstat(path));
    if ((info.nlink ?? 1) > 1 && !info.isDirectory) {
      const key = `${info.dev}:${info.ino}`;
      if (tally.counted.has(key)) return;
      tally.counted.add(key);
    }
    if (!info.isDirectory) tally.files++;
    tally.bytes += (info.blocks ?? Math.ceil(info.size / BLOCK_BYTES)) * BLOCK_BYTES;
    tally.inodes++;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** Available and total bytes of the file system; undefined without `--allow-sys=statfs`. */
async function findSpace(
  path: string,
): Promise<{ readonly free: number; readonly capacity: number } | undefined> {
  const allowed = await Deno.permissions.query({ name: "sys", kind: "statfs" });
  if (allowed.state !== "granted") return undefined;
  try {
    const { statfsSync } = await import("node:fs");
    const { bavail, blocks, bsize } = statfsSync(path);
    return { free: bavail * bsize, capacity: blocks * bsize };
  } catch {
    return undefined;
  }
}
