/**
 * Commands about the server.
 *
 * @module
 */
import { CONNECTION_OPTIONS, JSON_FLAG } from "./shared.ts";
import { command } from "./types.ts";

/** What can be served. */
export const SERVICES = ["cri"] as const;
/** Where clients look for the service unless they are told. */
export const DEFAULT_SOCKET = "/run/dray/dray.sock";
/** Where `dray progress` looks for a server. */
export const DEFAULT_HTTP = "unix:/run/dray/http.sock";

/** `dray serve` */
export const SERVE = command({
  group: "Program",
  summary: "Serve the store to a kubelet, crictl and the like",
  description: [
    "SERVICE is cri: the image service of the Kubernetes CRI, v1 and v1alpha2, on a Unix socket. It runs no containers; " +
    "beside a runtime it is of use to clients that ask for images alone, such as crictl --image-endpoint, or where the " +
    "runtime reads this store.",
    "Credentials come with each pull, as a kubelet sends them, or from --auth-file; the files of the user who starts the " +
    "server are not read. Pulls from the command line go on beside it: both see what the other does at once.",
    "On SIGTERM and SIGINT it takes no new calls, finishes those under way within --grace, and removes its socket.",
  ],
  positionals: {
    service: { count: "one", value: "SERVICE", hint: SERVICES, summary: "what to serve: cri" },
  },
  options: {
    socket: {
      kind: "text",
      value: "PATH",
      hint: "file",
      access: "listen",
      summary: `the Unix socket (default: ${DEFAULT_SOCKET})`,
    },
    "socket-mode": { kind: "text", value: "MODE", summary: "its permissions in octal (default: 0660)" },
    "socket-group": { kind: "text", value: "GROUP", summary: "the group that owns it, a name or a number" },
    grace: {
      kind: "number",
      value: "SECONDS",
      min: 0,
      max: 3600,
      default: 30,
      summary: "how long calls may take to finish when it ends",
    },
    http: {
      kind: "text",
      value: "ADDRESS",
      summary: "also serve /metrics and /progress over HTTP, on HOST:PORT or unix:PATH",
    },
    pinned: {
      kind: "texts",
      value: "NAME",
      summary: "show images of this name as pinned; NAME* pins all that begin so; may be repeated",
    },
    unpack: {
      kind: "flag",
      summary: "unpack the layers of what is pulled; an image is there only when they are",
    },
    "auth-file": {
      kind: "text",
      value: "FILE",
      hint: "file",
      summary: "credentials for pulls that bring none, a file of docker or podman",
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
      summary: "which calls get a line in the log",
    },
    ...CONNECTION_OPTIONS,
  },
  examples: [
    { line: "dray serve cri", note: `on ${DEFAULT_SOCKET}` },
    { line: "dray serve cri --http 127.0.0.1:9323 --log-format json", note: "with figures for Prometheus" },
    { line: "dray serve cri --pinned registry.k8s.io/pause:3.10", note: "a kubelet leaves it alone" },
  ],
  exits: ["busy", "denied", "no-space", "integrity"],
  needs: ["store-read", "store-write", "registry", "listen", "disk-space"],
  needsWith: { "auth-file": ["credentials"], "socket-group": ["groups"], unpack: ["unpack"] },
});

/** `dray progress` */
export const PROGRESS = command({
  group: "Program",
  summary: "Show the pulls that a server is doing",
  description: [
    "Asks a server that was started with --http: all its pulls are shown, whoever asked for them, as bars on a terminal " +
    "and as one JSON object a line elsewhere (the shapes of dray pull --progress=json, with the pull's number).",
  ],
  positionals: {},
  options: {
    http: {
      kind: "text",
      value: "ADDRESS",
      summary: `the server's HOST:PORT or unix:PATH (default: ${DEFAULT_HTTP})`,
    },
    follow: {
      kind: "flag",
      short: "f",
      summary: "go on until interrupted, not only until what runs now is shown",
    },
    json: JSON_FLAG,
  },
  examples: [
    { line: "dray progress --follow", note: "all pulls as they come" },
    { line: "dray progress --http 127.0.0.1:9323 --json", note: "how the running ones stand" },
  ],
  exits: ["network", "denied"],
  needs: ["listen"],
});
