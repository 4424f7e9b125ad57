/**
 * The table of the commands for images.
 *
 * @module
 */
import { JSON_FLAG, PLATFORM_OPTION, quiet, REGISTRY_OPTIONS } from "../../table/shared.ts";
import { command } from "../../table/types.ts";

/** `dray pull` */
export const PULL = command({
  group: "registry",
  isEveryday: true,
  summary: "Pull images into the store",
  description: [
    "Every byte is hashed as it is written, and several layers are downloaded in parallel. Content that " +
    "the store already has is not downloaded again, and an interrupted pull resumes where it stopped, " +
    "even in a later run.",
    "REF is an image reference such as nginx, ghcr.io/org/app:1.2 or localhost:5000/app@sha256:…; " +
    'docker:NAME:TAG is Docker Hub\'s NAME:TAG (see "dray help references"). Standard output gets one line ' +
    "per REF: the full name with its digest. Everything else goes to standard error.",
  ],
  positionals: { references: { count: "some", value: "REF", hint: "image", summary: "what to pull" } },
  options: {
    platform: PLATFORM_OPTION,
    "all-platforms": { kind: "flag", summary: "pull every platform of the image" },
    unpack: {
      kind: "flag",
      summary: "also unpack the layers for overlayfs, while others download (root only)",
    },
    jobs: {
      kind: "number",
      short: "j",
      value: "N",
      min: 1,
      max: 64,
      summary: "large layers to download in parallel (default: 6, up to 10 where connections are slow)",
    },
    progress: {
      kind: "choice",
      value: "KIND",
      words: ["auto", "tty", "plain", "json", "none"],
      default: "auto",
      summary:
        "how to show progress; auto is tty on a terminal, otherwise plain; json prints one event per line " +
        "and makes messages JSON too",
    },
    quiet: quiet("print only the image id"),
    json: JSON_FLAG,
    ...REGISTRY_OPTIONS,
  },
  examples: [
    { line: "dray pull nginx", note: "pull docker.io/library/nginx:latest for this machine" },
    { line: "dray pull --platform linux/arm64 alpine:3.20", note: "pull for another platform" },
    { line: "dray pull --all-platforms ghcr.io/org/app:1.2", note: "pull everything below the index" },
    {
      line: "dray pull -u me --password-stdin registry.example/app < token",
      note: "pull with credentials that are not stored",
    },
    { line: "dray pull --unpack nginx", note: 'prepare the layers for "dray mount-options nginx"' },
    { line: "dray pull --progress=json nginx 2> events.jsonl", note: "write events for scripts" },
  ],
  exits: ["not-found", "unauthorized", "network", "integrity", "no-space", "denied"],
  needs: ["store-read", "store-write", "registry", "credentials"],
  needsWith: { unpack: ["unpack"] },
});

/** `dray images` */
export const IMAGES = command({
  group: "store",
  isEveryday: true,
  summary: "List the images in the store",
  description: [
    "Prints one line per name. FILTER selects the images of a repository, tag, digest or id: nginx, " +
    "nginx:1.27, 3f2a.",
  ],
  positionals: {
    filter: { count: "optional", value: "FILTER", hint: "image", summary: "which images to list" },
  },
  options: {
    digests: { kind: "flag", summary: "show the digests by which registries know the images" },
    "no-trunc": { kind: "flag", summary: "show full ids" },
    names: { kind: "flag", summary: "print only full names, one per line" },
    quiet: quiet("print only ids, one per line"),
    json: JSON_FLAG,
  },
  examples: [
    { line: "dray images", note: "list all images" },
    { line: "dray images --digests ghcr.io/org/app", note: "list one repository with digests" },
    { line: "dray images --json | jq -r '.[].id'", note: "print JSON for scripts" },
  ],
  exits: [],
  needs: ["store-read"],
});

/** `dray inspect` */
export const INSPECT = command({
  group: "store",
  isEveryday: true,
  summary: "Show the details of an image",
  description: [
    "Shows names, digests, platforms, the run configuration, and each layer with its digest, diffId, " +
    "chainId and size. IMAGE is a name, a digest, or an unambiguous prefix of an id (at least 3 digits; " +
    "lists print 12).",
  ],
  positionals: { image: { count: "one", value: "IMAGE", hint: "image", summary: "a name or an id" } },
  options: { json: JSON_FLAG },
  examples: [
    { line: "dray inspect nginx", note: "print human-readable details" },
    {
      line: "dray inspect --json 3f2a1b | jq .layers",
      note: "select an image by id and print JSON for scripts",
    },
  ],
  exits: ["not-found", "integrity"],
  needs: ["store-read"],
});

/** `dray digest` */
export const DIGEST = command({
  group: "store",
  summary: "Print the digest that a name refers to",
  description: [
    "Prints the digest of the index or manifest that the name points to in the store; with --remote, at " +
    "the registry, without pulling.",
  ],
  positionals: { reference: { count: "one", value: "REF", hint: "image", summary: "a name" } },
  options: {
    remote: { kind: "flag", summary: "query the registry instead of the store" },
    json: JSON_FLAG,
    ...REGISTRY_OPTIONS,
  },
  examples: [
    { line: "dray digest nginx", note: "print the digest of the pulled image" },
    { line: "dray digest --remote nginx", note: "print the digest that a pull would resolve to now" },
  ],
  exits: ["not-found", "unauthorized", "network"],
  needs: ["store-read"],
  needsWith: { remote: ["registry", "credentials"] },
});

/** `dray tag` */
export const TAG = command({
  group: "store",
  isEveryday: true,
  summary: "Add a name to an image",
  description: ["If the name already belongs to another image, it is moved."],
  positionals: {
    image: { count: "one", value: "IMAGE", hint: "image", summary: "a name or an id" },
    name: { count: "one", value: "NAME", hint: "image", summary: "the new name" },
  },
  options: { quiet: quiet("print nothing") },
  examples: [{ line: "dray tag nginx localhost:5000/web:stable", note: "add a second name to nginx" }],
  exits: ["not-found", "no-space", "denied"],
  needs: ["store-read", "store-write"],
});

/** `dray rm` */
export const RM = command({
  group: "store",
  isEveryday: true,
  summary: "Remove names and images",
  description: [
    "A name is untagged: the image stays while it has other names, and is removed with its last name. An " +
    "id removes all names whose manifest has it, and --all-tags all names of the same manifest. Blobs and " +
    "unpacked layers that become unreferenced are deleted immediately, except what a running pull needs.",
  ],
  positionals: { images: { count: "some", value: "IMAGE", hint: "image", summary: "names or ids" } },
  options: {
    "all-tags": {
      kind: "flag",
      short: "a",
      summary: "remove the image with all its names, not just this name",
    },
    quiet: quiet("print nothing"),
    json: JSON_FLAG,
  },
  examples: [
    { line: "dray rm nginx:1.26", note: "remove only this name" },
    { line: "dray rm --all-tags nginx", note: "remove the image and all its names" },
    { line: "dray rm 3f2a1b", note: "remove an image by id, with all its names" },
  ],
  exits: ["not-found", "denied"],
  needs: ["store-read", "store-write"],
});
