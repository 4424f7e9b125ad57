/**
 * The table of the commands for the store as a whole.
 *
 * @module
 */
import { CONNECTION_OPTIONS, JSON_FLAG, quiet } from "../../table/shared.ts";
import { command } from "../../table/types.ts";

/** `dray gc` */
export const GC = command({
  group: "store",
  isEveryday: true,
  summary: "Delete unreferenced blobs and layers",
  description: [
    "Deletes blobs and unpacked layers that no image references, and partial downloads idle for a day. gc " +
    "waits for running pulls, whose content it never touches, and gives up with exit code 9.",
  ],
  positionals: {},
  options: {
    "dry-run": { kind: "flag", short: "n", summary: "only print what would be deleted" },
    "partial-age": {
      kind: "number",
      value: "HOURS",
      min: 0,
      max: 8760,
      default: 24,
      summary: "keep partial downloads that changed within this time",
    },
    wait: {
      kind: "number",
      value: "SECONDS",
      min: 0,
      max: 86_400,
      default: 10,
      summary: "how long to wait for running pulls",
    },
    quiet: quiet("print nothing"),
    json: JSON_FLAG,
  },
  examples: [
    { line: "dray gc --dry-run", note: "print what would be deleted" },
    { line: "dray gc --partial-age 0", note: "also delete all partial downloads" },
  ],
  exits: ["busy", "denied"],
  needs: ["store-read", "store-write"],
});

/** `dray verify` */
export const VERIFY = command({
  group: "store",
  summary: "Re-hash stored blobs; --repair re-fetches damaged ones",
  description: [
    "Re-hashes the blobs of the given images, or of the whole store, and prints each missing or damaged " +
    "blob with the images that need it. With --repair, only those are re-fetched and swapped in once " +
    "verified; until then the bad blob stays. Exits with code 6 if a fault remains.",
  ],
  positionals: {
    images: {
      count: "list",
      value: "IMAGE",
      hint: "image",
      summary: "names or ids (default: the whole store)",
    },
  },
  options: {
    repair: { kind: "flag", summary: "re-fetch damaged blobs from their origin" },
    jobs: {
      kind: "number",
      short: "j",
      value: "N",
      min: 1,
      max: 64,
      summary: "blobs to hash in parallel (default: 2)",
    },
    quiet: quiet("print only faults"),
    json: JSON_FLAG,
    ...CONNECTION_OPTIONS,
  },
  examples: [
    { line: "dray verify", note: "check the whole store" },
    { line: "dray verify --repair nginx", note: "check and repair one image" },
  ],
  exits: ["not-found", "unauthorized", "network", "integrity", "no-space", "denied"],
  needs: ["store-read"],
  needsWith: { repair: ["store-write", "registry", "credentials"] },
});

/** `dray df` */
export const DF = command({
  group: "store",
  summary: "Show disk usage",
  description: [
    "Shows the size of each image and its reclaimable part, which removing the image frees, followed by " +
    "the totals of the store.",
  ],
  positionals: {},
  options: { json: JSON_FLAG },
  examples: [{ line: "dray df", note: "show disk usage per image and in total" }],
  exits: [],
  needs: ["store-read", "disk-space"],
});
