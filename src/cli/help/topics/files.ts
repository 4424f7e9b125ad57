/**
 * `dray help files`
 *
 * @module
 */
import { SYSTEM_BUNDLES } from "../../../http/tls/tls.ts";
import { readEnvironment } from "../../context/environment.ts";
import { DEFAULT_HTTP, DEFAULT_SOCKET } from "../../serve/sockets.ts";
import { heading, paragraph, terms, type TopicDocument } from "./document.ts";

/** Every path of a store, relative to its root; the test compares them with `StorePaths`. */
export const STORE_ENTRIES: readonly (readonly [path: string, meaning: string])[] = [
  ["oci-layout", "marks the directory as an OCI image layout"],
  ["index.json", "the only database: one descriptor per name"],
  ["index.json.new", "the next index.json while it is written"],
  ["blobs/ALGORITHM/HEX", "committed blobs: verified, read-only"],
  ["ingest/ALGORITHM-HEX/data", "a partial download, resumable by any process"],
  ["ingest/ALGORITHM-HEX/state.json", "the expected digest and size of the download"],
  ["ingest/ALGORITHM-HEX.small", "the same for content up to 2 MiB, without a directory"],
  ["ingest/ALGORITHM-HEX.small.json", "the expected digest and size of such a download"],
  ["layers/HEX/rootfs", "the files of an unpacked layer; HEX is its chainId"],
  ["layers/HEX/ready.json", "the marker file: a layer is complete only once it exists"],
  ["layers/.staging-HEX-UNIQUE", "a layer while it is unpacked or deleted"],
  ["locks/content/UNIQUE", "the digests that a running operation needs; locked by its process"],
  ["locks/holds", "lock: taken briefly to add to these files and to delete content"],
  ["locks/index", "lock: held while index.json changes"],
  ["locks/index.spare", "reserved space, so that rm can write index.json on a full disk"],
  ["locks/layer-HEX", "lock: held while a layer is unpacked or deleted"],
];

/** Default locations, computed by the code that uses them. */
const storeOf = (isRoot: boolean) =>
  readEnvironment((variable) => variable === "HOME" ? "~" : undefined, isRoot).storeRoot ?? "";

/** Files and directories besides the store's contents. */
export const FILES: readonly (readonly [path: string, meaning: string])[] = [
  [storeOf(true), "the store of root; changed by --store or DRAY_STORE"],
  [storeOf(false), "the store of an ordinary user; in $XDG_DATA_HOME if set"],
  [
    "certs.d, hosts.toml, config.json, auth.json",
    'registries and credentials: see "dray help configuration"',
  ],
  ...SYSTEM_BUNDLES.map((path, i) =>
    [path, i === 0 ? "the system's CA certificates" : "the same, if the files above don't exist"] as const
  ),
  ["/etc/group", "read for --socket-group"],
  [DEFAULT_SOCKET, "the socket of dray serve cri"],
  [`${DEFAULT_SOCKET}.pid`, "the pid of the server that listens on the socket"],
  [`${DEFAULT_SOCKET}.t`, "a directory that exists only while the server starts"],
  [DEFAULT_HTTP.replace("unix:", ""), "where dray progress connects to a server by default"],
];

/** The contents of the topic. */
export const FILES_TOPIC: TopicDocument = [
  terms(FILES),
  heading("The store"),
  paragraph(
    "The store is an OCI image layout with a few additional directories. Any number of processes can use it",
    "at the same time. Locks vanish with the process that held them.",
  ),
  terms(STORE_ENTRIES),
  heading("What the store guarantees"),
  paragraph("1. Every blob under blobs/ has been hashed and fsynced."),
  paragraph(
    "2. An image has a name only once its manifest, configuration and all layers are stored (and unpacked,",
    "with --unpack).",
  ),
  paragraph(
    "3. A kill or a power failure loses at most the bytes since the last write, and leaves nothing to clean",
    "up by hand.",
  ),
  paragraph(
    "4. Corrupt content is detected when it is pulled, or by dray verify; --repair touches only damaged",
    "blobs and unpacked layers.",
  ),
  paragraph(
    "5. Removal never deletes anything that another image or a running pull needs, nor what other tools put",
    "into the layout.",
  ),
  paragraph("6. Errors are typed (exit code, JSON, gRPC status) and contain no secrets."),
  paragraph(
    "7. dray rm frees space even on a completely full disk: the store reserves the space that this needs.",
  ),
  heading("Owners and permissions"),
  paragraph(
    "dray creates the store for its owner only (mode 0700), because private images must not be readable by",
    "every user. It keeps the mode of a directory that exists: to let a group read the store, create it",
    "yourself with mode 0750.",
  ),
  paragraph(
    "dray refuses a store if its root directory, a directory in it or index.json belongs to a user other than",
    "root and the current one, or if every user may write to it: its blobs are not hashed again when they are",
    "used. To use such images anyway, copy them to a store of yours with dray import, which hashes",
    "everything. Checking owners needs the uid (--allow-sys=uid).",
  ),
  paragraph(
    "In a root directory that a group may write to (mode 2775), everything that has the same group may belong",
    "to any user: dray trusts all members of the group.",
  ),
  paragraph(
    "dray does not write through a symbolic link of another user, nor below one in a directory such as /tmp,",
    "and creates every file with an explicit mode, which a stricter umask reduces further.",
  ),
  heading("Other tools"),
  paragraph(
    "Other tools may read the store at any time: skopeo and umoci directly, oras by digest, crane by whole",
    "index. skopeo's oci: transport cannot read Docker-schema manifests in any layout; oras, crane and",
    "regctl can. Never let another tool write index.json while dray does: only dray honours dray's lock.",
  ),
];
