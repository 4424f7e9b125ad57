/**
 * The table of the commands for a Kubernetes node.
 *
 * @module
 */
import { DEFAULT_HTTP, DEFAULT_SOCKET, SERVICES } from "../../serve/sockets.ts";
import { COLLECTION_OPTIONS, CONNECTION_OPTIONS, JSON_FLAG, quiet } from "../../table/shared.ts";
import { command } from "../../table/types.ts";

const IMAGES = { count: "some", value: "IMAGE", hint: "image", summary: "names or ids" } as const;

/** `dray serve` */
export const SERVE = command({
  group: "node",
  isEveryday: true,
  summary: "Serve the store over the Kubernetes CRI",
  description: [
    "SERVICE is cri: the image service of the Kubernetes CRI, v1 and v1alpha2, on a Unix socket. It runs " +
    "no containers: use it with crictl and other image-only clients (crictl --image-endpoint), or beside " +
    'a container runtime that reads this store (see "dray help kubernetes").',
    "Credentials come with each pull request, as a kubelet sends them, or from --auth-file; the " +
    "credential files of the user who starts the server are not read. Command-line pulls can run at the " +
    "same time; each sees the other's results immediately.",
    "The server collects garbage at startup, after each removal and at least once an hour: unreferenced " +
    "blobs and layers and partial downloads, once they are older than --partial-age, and images that " +
    "--unused-for and --keep select.",
    "On SIGTERM and SIGINT the server accepts no new calls, gives in-flight calls up to --grace seconds " +
    "to finish, and removes its socket.",
  ],
  positionals: {
    service: { count: "one", value: "SERVICE", hint: SERVICES, summary: "the service: cri" },
  },
  options: {
    socket: {
      kind: "text",
      value: "PATH",
      hint: "file",
      access: "listen",
      summary: `the Unix socket (default: ${DEFAULT_SOCKET})`,
    },
    "socket-mode": {
      kind: "text",
      value: "MODE",
      summary: "permissions of the socket, in octal (default: 0660)",
    },
    "socket-group": { kind: "text", value: "GROUP", summary: "group of the socket, a name or a number" },
    grace: {
      kind: "number",
      value: "SECONDS",
      min: 0,
      max: 3600,
      default: 30,
      summary: "how long in-flight calls may take to finish at shutdown",
    },
    http: {
      kind: "text",
      value: "ADDRESS",
      summary: "also serve /metrics and /progress over HTTP, on HOST:PORT or unix:PATH",
    },
    pinned: {
      kind: "texts",
      value: "NAME",
      summary: "report images of this name as pinned; NAME* matches a prefix; may be repeated",
    },
    unpack: {
      kind: "flag",
      summary: "unpack the layers of pulled images; an image is listed only once its layers are unpacked",
    },
    "auth-file": {
      kind: "text",
      value: "FILE",
      hint: "file",
      summary: "credentials for pulls that bring none, in the format of docker or podman",
    },
    "runtime-handler": {
      kind: "texts",
      value: "NAME",
      summary: "accept pulls for this runtime handler; may be repeated",
    },
    "log-calls": {
      kind: "choice",
      value: "WHICH",
      words: ["all", "failed", "none"],
      default: "all",
      summary: "which calls to log",
    },
    ...COLLECTION_OPTIONS,
    ...CONNECTION_OPTIONS,
  },
  examples: [
    { line: "dray serve cri", note: `serve on ${DEFAULT_SOCKET}` },
    {
      line: "dray serve cri --http 127.0.0.1:9323 --log-format json",
      note: "also serve metrics for Prometheus, and log JSON",
    },
    {
      line: "dray serve cri --pinned registry.k8s.io/pause:3.10",
      note: "protect an image from the kubelet's garbage collection",
    },
  ],
  exits: ["busy", "denied", "no-space", "integrity"],
  needs: ["store-read", "store-write", "registry", "listen", "disk-space"],
  needsWith: { "auth-file": ["credentials"], "socket-group": ["groups"], unpack: ["unpack"] },
});

/** `dray progress` */
export const PROGRESS = command({
  group: "node",
  summary: "Show the pulls that a server is running",
  description: [
    "Connects to a server that was started with --http and shows all its pulls, including pulls started " +
    "by a kubelet: as bars on a terminal, otherwise as one JSON object per line (the events of dray pull " +
    "--progress=json, plus the number of the pull).",
  ],
  positionals: {},
  options: {
    http: {
      kind: "text",
      value: "ADDRESS",
      summary: `the server's HOST:PORT or unix:PATH (default: ${DEFAULT_HTTP})`,
    },
    follow: { kind: "flag", short: "f", summary: "keep following until interrupted" },
    json: JSON_FLAG,
  },
  examples: [
    { line: "dray progress --follow", note: "show all pulls as they come" },
    {
      line: "dray progress --http 127.0.0.1:9323 --json",
      note: "print a snapshot of the running pulls as JSON",
    },
  ],
  exits: ["network", "denied"],
  needs: ["listen"],
});

/** `dray pin` */
export const PIN = command({
  group: "node",
  summary: "Protect images from the kubelet's garbage collection",
  description: [
    "A kubelet that runs out of disk space keeps pinned images. All names of the image's manifest are " +
    "pinned. A pin follows its name: when the tag is pulled again or moved, the new image is pinned, and the " +
    "old one is only if another of its tags is. A name with a digest pins only itself. dray rm removes " +
    "pinned images like any others.",
  ],
  positionals: { images: IMAGES },
  options: { quiet: quiet("print nothing") },
  examples: [{ line: "dray pin registry.k8s.io/pause:3.10", note: "keep the pause image" }],
  exits: ["not-found", "denied"],
  needs: ["store-read", "store-write"],
});

/** `dray unpin` */
export const UNPIN = command({
  group: "node",
  summary: "Unpin images",
  description: ["Images pinned by the --pinned option of a server stay pinned."],
  positionals: { images: IMAGES },
  options: { quiet: quiet("print nothing") },
  examples: [{ line: "dray unpin registry.k8s.io/pause:3.10", note: "allow a kubelet to remove the image" }],
  exits: ["not-found", "denied"],
  needs: ["store-read", "store-write"],
});
