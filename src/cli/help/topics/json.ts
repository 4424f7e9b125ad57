/**
 * `dray help json`
 *
 * @module
 */
import type {
  DfJson,
  DiffJson,
  DigestJson,
  ImageJson,
  InspectJson,
  MountOptionsJson,
  PullJson,
  RemoveJson,
  SweepJson,
  TagsJson,
  UnpackJson,
  VerifyJson,
  VersionJson,
} from "../../output/json_shapes.ts";
import type { MessageLine } from "../../context/messages.ts";
import type { Grants } from "../../permissions/grants.ts";
import type { ServeLogLine } from "../../serve/log.ts";
import { heading, paragraph, terms, type TopicDocument } from "./document.ts";
import { type AnyDescriptions, type FieldDescriptions, fieldRows } from "./fields.ts";

const IMAGE = {
  id: ["string", "the image id: the digest of the configuration; for an artifact, that of the manifest"],
  names: ["list of strings", "the names with a tag, or those with a digest if no name has a tag"],
  repoTags: ["list of strings", "names with a tag"],
  repoDigests: ["list of strings", "names with a digest"],
  digests: ["object", "the digest that each name points to: that of an index, or of the manifest"],
  manifest: ["string", "the digest of the chosen manifest"],
  target: ["string", "the digest that the newest name points to: that of an index, or of the manifest"],
  kind: ["string", "image or artifact"],
  scope: ["string", "one-platform or all-platforms"],
  platform: ["string or null", "the platform of the manifest"],
  size: ["number", "the size of the image's blobs"],
  pinned: ["boolean", "whether the image is protected from the kubelet's garbage collection"],
  pulledAt: ["string", "the time of the last pull"],
  origins: ["list of strings", "the hosts or archives that the image came from"],
} as const satisfies FieldDescriptions<ImageJson>;

const SWEEP = {
  names: ["list of strings", "names removed by --unused-for or --keep"],
  blobs: ["list of objects", "deleted blobs", {
    digest: ["string", "the digest"],
    size: ["number", "the size"],
  }],
  partials: ["list of objects", "deleted partial downloads", {
    digest: ["string", "the digest of the complete blob"],
    size: ["number", "the size of the partial download"],
  }],
  layers: ["list of strings", "chainIds of deleted unpacked layers"],
  remains: ["list of objects", "deleted layers that a killed process was unpacking or deleting", {
    digest: ["string", "the chainId"],
    size: ["number", "the allocated bytes"],
  }],
  layerBytes: ["number", "the allocated bytes of layers and remains"],
  freed: ["number", "all freed bytes"],
} as const satisfies FieldDescriptions<SweepJson>;

/** Grants print as permission sets: only the kinds that are granted. */
type PermissionsJson = Partial<Readonly<Record<keyof Grants, readonly string[]>>>;

/** The shape of each command's JSON: whether it prints one object or a list, and its fields. */
export const JSON_SHAPES = {
  "dray pull": {
    isList: true,
    fields: {
      name: ["string", "the full name that was pulled"],
      names: ["list of strings", "all names of the image"],
      id: ["string", "the image id"],
      target: ["string", "the digest that the name points to"],
      manifest: ["string", "the digest of the chosen manifest"],
      platform: ["string or null", "the platform of the manifest"],
      size: ["number", "the size of the image's blobs"],
      fetched: ["number", "bytes that were downloaded"],
      present: ["number", "bytes that were already present"],
    } satisfies FieldDescriptions<PullJson>,
  },
  "dray images": { isList: true, fields: IMAGE },
  "dray import": { isList: true, fields: IMAGE },
  "dray inspect": {
    isList: false,
    fields: {
      ...IMAGE,
      created: ["string or null", "when the image was built"],
      author: ["string or null", "the author of the image"],
      layers: ["list of objects", "the layers, from the bottom to the top", {
        digest: ["string", "the digest of the compressed layer"],
        mediaType: ["string", "the media type"],
        size: ["number", "the compressed size"],
        diffId: ["string or null", "the digest of the uncompressed layer"],
        chainId: ["string or null", "the id of the layer on top of those below it"],
        present: ["boolean", "whether the store has the blob"],
      }],
      platforms: ["list of objects", "the manifests of the index; empty if the name points to a manifest", {
        digest: ["string", "the digest of the manifest"],
        platform: ["string or null", "its platform"],
        present: ["boolean", "whether the store has the manifest"],
      }],
      annotations: ["object", "the annotations of the manifest"],
      config: ["object or null", "the image configuration, unchanged; null for artifacts"],
    } satisfies FieldDescriptions<InspectJson>,
  },
  "dray digest": {
    isList: false,
    fields: {
      reference: ["string", "the reference from the command line"],
      digest: ["string", "the digest that it points to"],
    } satisfies FieldDescriptions<DigestJson>,
  },
  "dray tags": {
    isList: false,
    fields: {
      repository: ["string", "the repository from the command line"],
      tags: ["list of strings", "all tags, in the registry's order"],
    } satisfies FieldDescriptions<TagsJson>,
  },
  "dray rm": {
    isList: false,
    fields: {
      untagged: ["list of strings", "removed names"],
      deleted: ["list of strings", "ids of images that were removed with their last name"],
      swept: [
        "object or null",
        "what was deleted; null if a process that reads the store prevented it",
        SWEEP,
      ],
    } satisfies FieldDescriptions<RemoveJson>,
  },
  "dray gc": { isList: false, fields: SWEEP },
  "dray verify": {
    isList: false,
    fields: {
      blobs: ["number", "the number of blobs that were hashed"],
      layers: ["number", "the number of unpacked layers that were checked"],
      bytes: ["number", "the size of the blobs"],
      faults: ["list of objects", "damaged blobs and layers", {
        digest: ["string", "the digest of the blob, or the chainId of the layer"],
        object: ["string", "blob or layer"],
        kind: ["string", "missing, corrupt or unreadable"],
        found: ["string", "what was found instead"],
        names: ["list of strings", "the images that need it"],
        repaired: ["boolean", "whether it was re-fetched or unpacked again"],
        repairError: ["string or null", "why the repair failed"],
      }],
    } satisfies FieldDescriptions<VerifyJson>,
  },
  "dray df": {
    isList: false,
    fields: {
      root: ["string", "the directory of the store"],
      blobs: ["number", "the number of blobs"],
      blobBytes: ["number", "the size of all blobs"],
      partials: ["number", "the number of partial downloads"],
      partialBytes: ["number", "their size"],
      layerBytes: ["number", "the size of unpacked layers"],
      inodes: ["number", "inodes used by the store"],
      unused: ["number", "the size of unreferenced blobs"],
      unusedLayers: [
        "number",
        "the size of unreferenced unpacked layers, and of what killed processes left of layers",
      ],
      free: [
        "number or null",
        "free space of the file system; null without the permission --allow-sys=statfs",
      ],
      capacity: ["number or null", "the size of the file system; null without the same permission"],
      images: ["list of objects", "the images", {
        id: ["string", "the image id"],
        names: ["list of strings", "its names"],
        size: ["number", "the size of its blobs"],
        unique: ["number", "the part that only this image uses: what its removal frees"],
        layerBytes: ["number", "the size of its unpacked layers"],
        uniqueLayerBytes: ["number", "the part of those that its removal frees"],
      }],
    } satisfies FieldDescriptions<DfJson>,
  },
  "dray unpack": {
    isList: false,
    fields: {
      directory: ["string", "the directory from the command line"],
      layers: ["list of objects", "the layers, from the bottom to the top", {
        entries: ["number", "the number of tar entries"],
        packedBytes: ["number", "the compressed size"],
        unpackedBytes: ["number", "the size of the unpacked files"],
      }],
      leftOut: ["list of objects", "what was skipped; empty if nothing was", {
        kind: ["string", "owner, xattr, overlay-xattr, device, fifo or name"],
        count: ["number", "how many were skipped"],
        examples: ["list of strings", "some of their paths"],
      }],
    } satisfies FieldDescriptions<UnpackJson>,
  },
  "dray mount-options": {
    isList: false,
    fields: {
      lowerdir: ["list of strings", "the directories of the layers, from the top to the bottom"],
      options: ["string", "the value for mount -o"],
    } satisfies FieldDescriptions<MountOptionsJson>,
  },
  "dray diff": {
    isList: false,
    fields: {
      sharedLayers: ["list of strings", "diffIds of the layers that both images have"],
      onlyFirst: ["list of strings", "diffIds of the layers that only the first image has"],
      onlySecond: ["list of strings", "diffIds of the layers that only the second image has"],
      changes: ["list of objects", "the paths that differ, sorted by path", {
        path: ["string", "the path, without a leading slash"],
        kind: ["string", "added, removed or changed"],
        what: [
          "list of strings",
          "for a changed path: type, content, target, mode, owner, time, xattrs, device",
        ],
      }],
    } satisfies FieldDescriptions<DiffJson>,
  },
  "dray version": {
    isList: false,
    fields: {
      version: ["string", "the version of dray"],
      deno: ["string", "the version of Deno"],
      v8: ["string", "the version of V8"],
      typescript: ["string", "the version of TypeScript"],
      target: ["string", "the platform that the program runs on: x86_64-unknown-linux-gnu"],
      standalone: ["boolean", "whether it is a compiled binary"],
    } satisfies FieldDescriptions<VersionJson>,
  },
  "dray permissions": {
    isList: false,
    fields: {
      read: [
        "list of strings",
        "files and directories; for each kind, true instead of a list allows everything",
      ],
      write: ["list of strings", "files and directories"],
      net: ["list of strings", "hosts with ports, and paths of Unix sockets"],
      env: ["list of strings", "environment variables"],
      run: ["list of strings", "programs"],
      sys: ["list of strings", "system calls"],
      ffi: ["list of strings", "libraries"],
    } satisfies FieldDescriptions<PermissionsJson>,
  },
} as const satisfies Readonly<Record<string, { readonly isList: boolean; readonly fields: AnyDescriptions }>>;

/** The lines of `--log-format json`. */
export const MESSAGE_FIELDS = {
  level: ["string", "error, warning or info"],
  message: ["string", "the message"],
  code: ["string or null", "only for errors: the error code; null for an error without one"],
  exitCode: ["number", "only for errors: the exit code"],
  details: ["object", "only for errors: machine-readable details"],
  causes: ["list of strings", "only for errors: the causes, the nearest first"],
} as const satisfies FieldDescriptions<MessageLine>;

/** The lines of a server's log with `--log-format json`. */
export const SERVE_LOG_FIELDS = {
  time: ["string", "the time"],
  level: ["string", "error, warning or info"],
  message: ["string", "serving, call, shutting down, closed, or a message"],
  fields: [
    "object",
    "details by name; for a call: method, code, durationMs, traceId, message; for an error: error, errorCode",
  ],
  causes: ["list of strings", "only for errors: the causes, the nearest first"],
} as const satisfies FieldDescriptions<ServeLogLine>;

/** The contents of the topic. */
export const JSON_TOPIC: TopicDocument = [
  paragraph(
    "Every command that prints data has --json. Sizes are bytes, times are RFC 3339 in UTC, digests are",
    "sha256:…, platforms are os/architecture[/variant], and a value that doesn't exist is null. Fields are",
    'added, never changed or removed. dray progress --json prints the lines of "dray help events".',
  ),
  ...Object.entries(JSON_SHAPES).flatMap(([command, { isList, fields }]) => [
    heading(`${command} --json prints ${isList ? "a list of objects" : "one object"}`),
    terms(fieldRows(fields)),
  ]),
  heading("Messages with --log-format json, one per line on standard error"),
  terms(fieldRows(MESSAGE_FIELDS)),
  heading("The log of a server with --log-format json, one line per event"),
  terms(fieldRows(SERVE_LOG_FIELDS)),
];
