/**
 * The steps of a commit and of an update of the index, derived from the calls that the store makes.
 *
 * @module
 */
import { type DiskCall, observeDisk } from "./disk_calls.ts";

/** Every step between two changes on the disk, in order. */
export const COMMIT_STEPS = [
  /** The ingest's file exists and is locked. */
  "ingest-opened",
  /** The ingest's state file is written. */
  "state-written",
  /** Some bytes are written. */
  "data-written",
  /** All bytes are on the disk. */
  "data-synced",
  /** The blob has its name. */
  "renamed",
  /** The name is on the disk. */
  "directory-synced",
  /** The ingest's directory is removed. */
  "ingest-removed",
  /** The new index is written to its temporary file. */
  "index-written",
  /** Its bytes are on the disk. */
  "index-synced",
  /** It has replaced the old index. */
  "index-renamed",
  /** Its name is on the disk. */
  "index-directory-synced",
] as const;

/** One of {@linkcode COMMIT_STEPS}. */
export type CommitStep = typeof COMMIT_STEPS[number];

/** Calls `onStep` right after each step in the store at `root`, until it is disposed. */
export function observeSteps(root: string, onStep: (step: CommitStep) => void): Disposable {
  let isIndexRenamed = false;
  return observeDisk({
    after(call) {
      const step = stepOf(call, root, isIndexRenamed);
      if (step === "index-renamed") isIndexRenamed = true;
      if (step === "index-directory-synced") isIndexRenamed = false;
      if (step !== undefined) onStep(step);
    },
  });
}

function stepOf(
  { action, path, to }: DiskCall,
  root: string,
  isIndexRenamed: boolean,
): CommitStep | undefined {
  const isIngest = /\/ingest\/[^/]+(?:\/data|\.small)$/.test(path);
  const isIndex = path === `${root}/index.json.new` || path === `${root}/locks/index.spare`;
  switch (action) {
    case "lock":
      return isIngest ? "ingest-opened" : undefined;
    case "write":
      return isIngest ? "data-written" : path.endsWith("/state.json") ? "state-written" : undefined;
    case "truncate":
      return isIndex ? "index-written" : undefined;
    case "sync":
      if (isIngest) return "data-synced";
      if (isIndex) return "index-synced";
      if (path === root && isIndexRenamed) return "index-directory-synced";
      return path.startsWith(`${root}/blobs/`) ? "directory-synced" : undefined;
    case "rename":
      if (to === `${root}/index.json`) return "index-renamed";
      return to?.startsWith(`${root}/blobs/`) ? "renamed" : undefined;
    case "remove":
      return /\/ingest\/[^/]+$/.test(path) && !path.endsWith(".json") && !path.endsWith(".small")
        ? "ingest-removed"
        : undefined;
  }
}
