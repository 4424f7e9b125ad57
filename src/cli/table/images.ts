/**
 * Commands about images.
 *
 * @module
 */
import { JSON_FLAG, PLATFORM_OPTION, quiet, REGISTRY_OPTIONS } from "./shared.ts";
import { command } from "./types.ts";

/** `dray pull` */
export const PULL = command({
  group: "Images",
  summary: "Bring images from their registries into the store",
  description: [
    "Every byte is hashed while it is written, several layers at once. What the store has is not fetched again, and " +
    "what an interrupted pull left is gone on from at its byte, also in the next run.",
    "REF is a name such as nginx, ghcr.io/org/app:1.2, localhost:5000/app@sha256:…; docker:NAME:TAG is Docker Hub's " +
    "NAME:TAG. Standard output gets the full name with its digest, one line for each REF; all else goes to standard error.",
  ],
  positionals: { references: { count: "some", value: "REF", hint: "image", summary: "what to pull" } },
  options: {
    platform: PLATFORM_OPTION,
    "all-platforms": { kind: "flag", summary: "bring every platform of the image" },
    unpack: {
      kind: "flag",
      summary: "unpack the layers for overlayfs too, while others download (root alone)",
    },
    jobs: {
      kind: "number",
      short: "j",
      value: "N",
      min: 1,
      max: 64,
      summary: "large layers fetched at once (6; up to 10 where connections are slow)",
    },
    progress: {
      kind: "choice",
      value: "KIND",
      words: ["auto", "tty", "plain", "json", "none"],
      default: "auto",
      summary:
        "how to show progress; auto is tty on a terminal, else plain; json is one event a line, and makes messages JSON too",
    },
    quiet: quiet("print the image id alone"),
    json: JSON_FLAG,
    ...REGISTRY_OPTIONS,
  },
  examples: [
    { line: "dray pull nginx", note: "docker.io/library/nginx:latest for this machine" },
    { line: "dray pull --platform linux/arm64 alpine:3.20", note: "for another machine" },
    { line: "dray pull --all-platforms ghcr.io/org/app:1.2", note: "everything below the index" },
    {
      line: "dray pull -u me --password-stdin registry.example/app < token",
      note: "with credentials of its own",
    },
    { line: "dray pull --unpack nginx", note: "ready to mount: dray mount-options nginx" },
    { line: "dray pull --progress=json nginx 2> events.jsonl", note: "events for a program" },
  ],
  exits: ["not-found", "unauthorized", "network", "integrity", "no-space", "denied"],
  needs: ["store-read", "store-write", "registry", "credentials"],
  needsWith: { unpack: ["unpack"] },
});

/** `dray images` */
export const IMAGES = command({
  group: "Images",
  summary: "List the images of the store",
  description: [
    "One line for each name. FILTER keeps the images of a repository, tag, digest or id: nginx, nginx:1.27, 3f2a.",
  ],
  positionals: {
    filter: { count: "optional", value: "FILTER", hint: "image", summary: "which images to list" },
  },
  options: {
    digests: { kind: "flag", summary: "show the digests that registries know the images by" },
    "no-trunc": { kind: "flag", summary: "show ids in full" },
    names: { kind: "flag", summary: "print full names alone, one a line" },
    quiet: quiet("print ids alone, one a line"),
    json: JSON_FLAG,
  },
  examples: [
    { line: "dray images", note: "all" },
    { line: "dray images --digests ghcr.io/org/app", note: "one repository, with digests" },
    { line: "dray images --json | jq -r '.[].id'", note: "for a program" },
  ],
  exits: [],
  needs: ["store-read"],
});

/** `dray inspect` */
export const INSPECT = command({
  group: "Images",
  summary: "Show what the store knows of an image",
  description: [
    "Names, digests, platforms, how it is to be run, and each layer with digest, diffId, chainId and size. IMAGE is a " +
    "name, a digest, or the first digits of an id (at least 3, 12 as the list prints them).",
  ],
  positionals: { image: { count: "one", value: "IMAGE", hint: "image", summary: "a name or an id" } },
  options: { json: JSON_FLAG },
  examples: [
    { line: "dray inspect nginx", note: "for people" },
    { line: "dray inspect --json 3f2a1b | jq .layers", note: "by id, for a program" },
  ],
  exits: ["not-found", "integrity"],
  needs: ["store-read"],
});

/** `dray digest` */
export const DIGEST = command({
  group: "Images",
  summary: "Print the digest that a name stands for",
  description: [
    "The digest in the store: that of the index or manifest which the name points at. With --remote the registry is asked " +
    "what the name points at now; nothing is pulled.",
  ],
  positionals: { reference: { count: "one", value: "REF", hint: "image", summary: "a name" } },
  options: {
    remote: { kind: "flag", summary: "ask the registry, not the store" },
    json: JSON_FLAG,
    ...REGISTRY_OPTIONS,
  },
  examples: [
    { line: "dray digest nginx", note: "what was pulled" },
    { line: "dray digest --remote nginx", note: "what a pull would bring now" },
  ],
  exits: ["not-found", "unauthorized", "network"],
  needs: ["store-read"],
  needsWith: { remote: ["registry", "credentials"] },
});

/** `dray tag` */
export const TAG = command({
  group: "Images",
  summary: "Give an image of the store a further name",
  description: ["If another image has the name, it loses it."],
  positionals: {
    image: { count: "one", value: "IMAGE", hint: "image", summary: "a name or an id" },
    name: { count: "one", value: "NAME", hint: "image", summary: "the new name" },
  },
  options: { quiet: quiet("print nothing") },
  examples: [{ line: "dray tag nginx localhost:5000/web:stable", note: "one more name for nginx" }],
  exits: ["not-found", "no-space", "denied"],
  needs: ["store-read", "store-write"],
});

/** `dray rm` */
export const RM = command({
  group: "Images",
  summary: "Remove names and images",
  description: [
    "A name untags: other names of the image stay, and with its last name the image goes. An id removes the image with " +
    "all its names, and so does any name with --all-tags. Blobs that no image needs any more are swept at once, or by " +
    "gc if a pull is running.",
  ],
  positionals: { images: { count: "some", value: "IMAGE", hint: "image", summary: "names or ids" } },
  options: {
    "all-tags": {
      kind: "flag",
      short: "a",
      summary: "remove the image with all its names, not the name alone",
    },
    quiet: quiet("print nothing"),
    json: JSON_FLAG,
  },
  examples: [
    { line: "dray rm nginx:1.26", note: "this name alone" },
    { line: "dray rm --all-tags nginx", note: "the image and all its names" },
    { line: "dray rm 3f2a1b", note: "the same, by its id" },
  ],
  exits: ["not-found", "denied"],
  needs: ["store-read", "store-write"],
});
