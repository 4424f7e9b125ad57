/**
 * Commands about the store as a whole.
 *
 * @module
 */
import { CONNECTION_OPTIONS, JSON_FLAG, quiet } from "./shared.ts";
import { command } from "./types.ts";

/** `dray gc` */
export const GC = command({
  group: "Store",
  summary: "Free what no image needs",
  description: [
    "Removes blobs and unpacked layers that no image needs, and unfinished downloads that nothing was added to for a day. " +
    "What a running pull needs is never touched: gc waits for it, and gives up with exit code 9.",
  ],
  positionals: {},
  options: {
    "dry-run": { kind: "flag", short: "n", summary: "only say what would go" },
    "partial-age": {
      kind: "number",
      value: "HOURS",
      min: 0,
      max: 8760,
      default: 24,
      summary: "keep unfinished downloads that are younger",
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
    { line: "dray gc --dry-run", note: "see what would go" },
    { line: "dray gc --partial-age 0", note: "unfinished downloads too" },
  ],
  exits: ["busy", "denied"],
  needs: ["store-read", "store-write"],
});

/** `dray verify` */
export const VERIFY = command({
  group: "Store",
  summary: "Hash everything again, and repair what is bad",
  description: [
    "Hashes the blobs of the given images, or of the whole store, and names each one that is missing or damaged with " +
    "the images that need it. With --repair those alone are fetched again, under another name, and swapped in last: the " +
    "bad blob stays until a good one is here. Ends with code 6 if anything is bad and not repaired.",
  ],
  positionals: {
    images: { count: "list", value: "IMAGE", hint: "image", summary: "names or ids; all without them" },
  },
  options: {
    repair: { kind: "flag", summary: "fetch what is bad from where it came" },
    jobs: {
      kind: "number",
      short: "j",
      value: "N",
      min: 1,
      max: 64,
      summary: "blobs hashed at once (default: 2)",
    },
    quiet: quiet("print faults alone"),
    json: JSON_FLAG,
    ...CONNECTION_OPTIONS,
  },
  examples: [
    { line: "dray verify", note: "the whole store" },
    { line: "dray verify --repair nginx", note: "one image, and put it right" },
  ],
  exits: ["not-found", "unauthorized", "network", "integrity", "no-space", "denied"],
  needs: ["store-read"],
  needsWith: { repair: ["store-write", "registry", "credentials"] },
});

/** `dray df` */
export const DF = command({
  group: "Store",
  summary: "Show what takes space",
  description: [
    "For each image all its bytes, and those that it alone holds: what its removal frees. Then the store in all.",
  ],
  positionals: {},
  options: { json: JSON_FLAG },
  examples: [{ line: "dray df", note: "images and the whole" }],
  exits: [],
  needs: ["store-read", "disk-space"],
});
