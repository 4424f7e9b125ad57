/**
 * The table of the commands for the store as a whole.
 *
 * @module
 */
import { COLLECTION_OPTIONS, CONNECTION_OPTIONS, JSON_FLAG, quiet } from "../../table/shared.ts";
import { command } from "../../table/types.ts";

/** `dray gc` */
export const GC = command({
  group: "store",
  isEveryday: true,
  summary: "Delete unreferenced blobs and layers",
  description: [
    "Deletes blobs and unpacked layers that no image references, partial downloads idle for a day, and " +
    "what killed processes left. It runs while pulls run, and never touches their content. It waits only " +
    "for processes that may only read the store, such as a diff, and gives up with exit code 9.",
    "With --unused-for or --keep, it first removes the names of old images. A repository's images are " +
    "ordered by their last pull or import. Pinned images stay.",
  ],
  positionals: {},
  options: {
    "dry-run": { kind: "flag", short: "n", summary: "only print what would be deleted" },
    ...COLLECTION_OPTIONS,
    wait: {
      kind: "number",
      value: "SECONDS",
      min: 0,
      max: 86_400,
      default: 10,
      summary: "how long to wait for processes that read the store",
    },
    quiet: quiet("print nothing"),
    json: JSON_FLAG,
  },
  examples: [
    { line: "dray gc --dry-run", note: "print what would be deleted" },
    { line: "dray gc --partial-age 0", note: "also delete all partial downloads" },
    {
      line: "dray gc --keep 2 --unused-for 30d",
      note: "also remove images unused for 30 days, but keep two",
    },
  ],
  exits: ["busy", "denied"],
  needs: ["store-read", "store-write"],
});

/** `dray verify` */
export const VERIFY = command({
  group: "store",
  summary: "Re-hash blobs, check layers; --repair fixes damaged ones",
  description: [
    "Re-hashes the blobs of the given images, or of the whole store, and compares unpacked layers with " +
    "their blobs. Prints each missing or damaged blob or layer with the images that need it. With --quick, " +
    "only the sizes of blobs and the number and sizes of a layer's files are compared.",
    "With --repair, only damaged blobs are re-fetched and swapped in once verified; until then the bad blob " +
    "stays. Damaged layers are removed and unpacked again, which needs root. Exits with code 6 if a fault " +
    "remains.",
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
    repair: {
      kind: "flag",
      summary: "re-fetch damaged blobs from their origin, unpack damaged layers again",
    },
    quick: { kind: "flag", summary: "compare only numbers and sizes" },
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
  needsWith: { repair: ["store-write", "registry", "credentials", "unpack-again"] },
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
