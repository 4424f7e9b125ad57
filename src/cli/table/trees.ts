/**
 * Commands that turn images into directories and archives, and back.
 *
 * @module
 */
import { JSON_FLAG, quiet } from "./shared.ts";
import { command } from "./types.ts";

/** Forms that an image can leave the store in. */
export const EXPORT_FORMATS = ["oci-archive", "docker-archive", "oci-dir", "rootfs"] as const;

const IMAGE = { count: "one", value: "REF", hint: "image", summary: "a name or an id" } as const;

/** `dray unpack` */
export const UNPACK = command({
  group: "Images",
  summary: "Unpack an image of the store to a directory",
  description: [
    "Makes the root file system of the image in DIR, which must be new or empty and has its name only when all is " +
    "there. As root, and with --allow-ffi, it is complete: owners, extended attributes, file capabilities, devices. " +
    "Else it keeps what it can, and says at the end what it left out.",
    "With --bundle DIR becomes an OCI runtime bundle: rootfs/ and a config.json made from the image's own.",
  ],
  positionals: {
    image: IMAGE,
    directory: {
      count: "one",
      value: "DIR",
      hint: "directory",
      access: "write",
      summary: "where to; new or empty",
    },
  },
  options: {
    bundle: { kind: "flag", short: "b", summary: "make a runtime bundle, not a root file system alone" },
    strict: { kind: "flag", summary: "fail if anything has to be left out" },
    quiet: quiet("say nothing but what was left out"),
    json: JSON_FLAG,
  },
  examples: [
    { line: "dray unpack nginx ./root", note: "the root file system" },
    { line: "dray unpack --bundle nginx ./web", note: "then: runc run -b ./web web" },
    { line: "dray unpack --strict nginx ./root", note: "all of it or nothing" },
  ],
  exits: ["not-found", "integrity", "no-space", "denied"],
  needs: ["store-read", "unpack"],
});

/** `dray mount-options` */
export const MOUNT_OPTIONS = command({
  group: "Images",
  summary: "Print the overlayfs options of an image's unpacked layers",
  description: [
    'Prints "lowerdir=TOP:…:BOTTOM" for mount -t overlay. The layers must be unpacked, as "dray pull --unpack" does, ' +
    "or --unpack does it now.",
  ],
  positionals: { image: IMAGE },
  options: {
    unpack: { kind: "flag", summary: "unpack the layers that are not unpacked yet" },
    json: JSON_FLAG,
  },
  examples: [
    {
      line: 'mount -t overlay overlay -o "ro,$(dray mount-options nginx)" /mnt',
      note: "the image, read-only",
    },
    { line: "dray mount-options --json nginx", note: "one path for each layer" },
  ],
  exits: ["not-found", "integrity", "no-space", "denied"],
  needs: ["store-read"],
  needsWith: { unpack: ["store-write", "unpack"] },
});

/** `dray export` */
export const EXPORT = command({
  group: "Images",
  summary: "Write images of the store to an archive or a layout",
  description: [
    "oci-archive is an OCI layout in a tar, docker-archive the same with what docker load wants, oci-dir a layout in a " +
    "folder, which may have other images already, and rootfs the root file system of one image as a tar: with every " +
    "owner and attribute, needing no rights. The same images give the same bytes.",
    "An archive has its name only when it is whole. A layout names an image only when all of it is there; while it is " +
    "written a folder .dray-export is in it, which a killed export leaves and the next one to the same place removes.",
  ],
  positionals: { images: { count: "some", value: "REF", hint: "image", summary: "names or ids" } },
  options: {
    output: {
      kind: "text",
      short: "o",
      value: "FILE",
      hint: "file",
      access: "write",
      summary: "where to; - is standard output; a folder for oci-dir",
    },
    format: {
      kind: "choice",
      short: "f",
      value: "FORMAT",
      words: EXPORT_FORMATS,
      default: "oci-archive",
      summary: "what to write",
    },
    quiet: quiet("say nothing"),
  },
  examples: [
    { line: "dray export nginx alpine -o images.tar", note: "two images in one OCI archive" },
    { line: "dray export nginx --format docker-archive -o - | docker load", note: "to Docker" },
    { line: "dray export nginx --format rootfs -o - | tar -x -C ./root", note: "the files alone" },
    { line: "dray export nginx --format oci-dir -o ./layout", note: "a layout in a folder" },
  ],
  exits: ["not-found", "integrity", "no-space", "denied", "pipe"],
  needs: ["store-read", "files-write"],
});

/** `dray import` */
export const IMPORT = command({
  group: "Images",
  summary: "Bring images into the store from an archive or a layout",
  description: [
    "Takes what dray export, skopeo, docker save (both its forms), podman save and ctr image export write, plain or " +
    "compressed by gzip or zstd, and layouts in folders. Everything is verified as if it came from a registry, and no " +
    "name appears before all of it is here. Prints the names, one a line.",
  ],
  positionals: {
    source: { count: "one", value: "FILE|-|DIR", hint: "file", summary: "what to read; - is standard input" },
  },
  options: {
    name: {
      kind: "text",
      value: "NAME",
      summary: "name the image so, whatever the archive says; for one image alone",
    },
    quiet: quiet("show no progress"),
    json: JSON_FLAG,
  },
  examples: [
    { line: "dray import images.tar", note: "all images of an archive" },
    { line: "docker save nginx | dray import -", note: "from Docker" },
    { line: "dray import --name localhost/app:1 ./layout", note: "a layout that gives no name" },
  ],
  exits: ["integrity", "no-space", "denied"],
  needs: ["store-read", "store-write"],
});

/** `dray diff` */
export const DIFF = command({
  group: "Images",
  summary: "Show what two images differ in",
  description: [
    "Lists the layers, and the paths that are added, changed or removed on the way from the first image to the second. " +
    "Layers are read, not unpacked: it needs no rights and no space.",
  ],
  positionals: {
    first: { count: "one", value: "REF", hint: "image", summary: "a name or an id" },
    second: { count: "one", value: "REF", hint: "image", summary: "another one" },
  },
  options: { json: JSON_FLAG },
  examples: [
    { line: "dray diff nginx:1.26 nginx:1.27", note: "for people" },
    { line: "dray diff --json nginx:1.26 nginx:1.27 | jq .changes", note: "for a program" },
  ],
  exits: ["not-found", "integrity"],
  needs: ["store-read"],
});
