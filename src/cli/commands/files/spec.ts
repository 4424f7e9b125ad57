/**
 * The table of the commands that turn images into directories and archives, and back.
 *
 * @module
 */
import { JSON_FLAG, quiet } from "../../table/shared.ts";
import { command } from "../../table/types.ts";

/** Formats that `dray export` writes. */
export const EXPORT_FORMATS = ["oci-archive", "docker-archive", "oci-dir", "rootfs"] as const;

const IMAGE = { count: "one", value: "REF", hint: "image", summary: "a name or an id" } as const;

/** `dray unpack` */
export const UNPACK = command({
  group: "store",
  isEveryday: true,
  summary: "Unpack an image to a directory",
  description: [
    "Creates the root file system of the image in DIR, which must be new or empty. DIR gets its name only " +
    "once it is complete. As root, and with --allow-ffi under deno run, everything is kept: owners, " +
    "extended attributes, file capabilities, devices. Otherwise it keeps what it can and reports what was " +
    "skipped.",
    "With --bundle, DIR becomes an OCI runtime bundle: rootfs/ and a config.json made from the image's " +
    "configuration.",
  ],
  positionals: {
    image: IMAGE,
    directory: {
      count: "one",
      value: "DIR",
      hint: "directory",
      access: "write",
      summary: "a new or empty directory",
    },
  },
  options: {
    bundle: {
      kind: "flag",
      short: "b",
      summary: "create a runtime bundle instead of just a root file system",
    },
    strict: { kind: "flag", summary: "fail if anything has to be skipped" },
    quiet: quiet("print only what was skipped"),
    json: JSON_FLAG,
  },
  examples: [
    { line: "dray unpack nginx ./root", note: "create the root file system" },
    { line: "dray unpack --bundle nginx ./web", note: "create a bundle for: runc run -b ./web web" },
    { line: "dray unpack --strict nginx ./root", note: "unpack everything, or fail" },
  ],
  exits: ["not-found", "integrity", "no-space", "denied"],
  needs: ["store-read", "unpack"],
});

/** `dray mount-options` */
export const MOUNT_OPTIONS = command({
  group: "store",
  summary: "Print the overlayfs options of an image's unpacked layers",
  description: [
    'Prints "lowerdir=TOP:…:BOTTOM" for mount -t overlay. The layers must be unpacked, by "dray pull ' +
    '--unpack" or by --unpack.',
  ],
  positionals: { image: IMAGE },
  options: {
    unpack: { kind: "flag", summary: "unpack the layers that are not unpacked yet" },
    json: JSON_FLAG,
  },
  examples: [
    {
      line: 'mount -t overlay overlay -o "ro,$(dray mount-options nginx)" /mnt',
      note: "mount the image read-only",
    },
    { line: "dray mount-options --json nginx", note: "print one path per layer, as JSON for scripts" },
  ],
  exits: ["not-found", "integrity", "no-space", "denied"],
  needs: ["store-read"],
  needsWith: { unpack: ["store-write", "unpack"] },
});

/** `dray export` */
export const EXPORT = command({
  group: "store",
  isEveryday: true,
  summary: "Write images to an archive or an OCI layout",
  description: [
    "Formats:",
    [
      ["oci-archive", "an OCI image layout in a tar file"],
      ["docker-archive", "the same, plus the files that docker load needs"],
      ["oci-dir", "an OCI image layout in a directory, which may already contain other images"],
      [
        "rootfs",
        "the root file system of one image as a tar file, with all owners and attributes; no privileges needed",
      ],
    ],
    "The same images always give the same bytes. An archive gets its name only once it is complete, and a " +
    "layout names an image only once it is complete. While a layout is written it contains the directory " +
    ".dray-export; if an export is killed, the next one to the same directory removes it.",
  ],
  positionals: { images: { count: "some", value: "REF", hint: "image", summary: "names or ids" } },
  options: {
    output: {
      kind: "text",
      short: "o",
      value: "FILE",
      hint: "file",
      access: "write",
      summary: "the file to write; - is standard output; a directory for oci-dir",
    },
    format: {
      kind: "choice",
      short: "f",
      value: "FORMAT",
      words: EXPORT_FORMATS,
      default: "oci-archive",
      summary: "the format to write",
    },
    quiet: quiet("print nothing"),
  },
  examples: [
    { line: "dray export nginx alpine -o images.tar", note: "write two images to one OCI archive" },
    {
      line: "dray export nginx --format docker-archive -o - | docker load",
      note: "load the image into Docker",
    },
    { line: "dray export nginx --format rootfs -o - | tar -x -C ./root", note: "extract only the files" },
    { line: "dray export nginx --format oci-dir -o ./layout", note: "write an OCI layout to a directory" },
  ],
  exits: ["not-found", "integrity", "no-space", "denied", "pipe"],
  needs: ["store-read", "files-write"],
});

/** `dray import` */
export const IMPORT = command({
  group: "store",
  isEveryday: true,
  summary: "Import images from an archive or an OCI layout",
  description: [
    "Reads what dray export, skopeo, docker save (both of its formats), podman save and ctr image export " +
    "write, uncompressed or compressed with gzip or zstd, and OCI layouts in directories. Everything is " +
    "verified as if pulled, and no name appears until its image is complete. A damaged blob of the store is " +
    "replaced. Platforms that are listed under one name without an index are combined to one image. Prints " +
    "the names, one per line.",
  ],
  positionals: {
    source: {
      count: "one",
      value: "FILE|-|DIR",
      hint: "file",
      summary: "the archive or layout; - is standard input",
    },
  },
  options: {
    name: {
      kind: "text",
      value: "NAME",
      summary: "use this name instead of the archive's; the archive must hold one image",
    },
    quiet: quiet("show no progress"),
    json: JSON_FLAG,
  },
  examples: [
    { line: "dray import images.tar", note: "import all images of an archive" },
    { line: "docker save nginx | dray import -", note: "import from Docker" },
    { line: "dray import --name localhost/app:1 ./layout", note: "import a layout that has no name" },
  ],
  exits: ["integrity", "no-space", "denied"],
  needs: ["store-read", "store-write"],
});

/** `dray diff` */
export const DIFF = command({
  group: "store",
  summary: "Show the differences between two images",
  description: [
    "Lists the layers, and the paths that were added, changed or removed from the first image to the " +
    "second. Layers are streamed, not unpacked, so no privileges or disk space are needed.",
  ],
  positionals: {
    first: { count: "one", value: "REF", hint: "image", summary: "a name or an id" },
    second: { count: "one", value: "REF", hint: "image", summary: "another name or id" },
  },
  options: { json: JSON_FLAG },
  examples: [
    { line: "dray diff nginx:1.26 nginx:1.27", note: "print human-readable differences" },
    { line: "dray diff --json nginx:1.26 nginx:1.27 | jq .changes", note: "print JSON for scripts" },
  ],
  exits: ["not-found", "integrity"],
  needs: ["store-read"],
});
