/**
 * The restricted APIs: functions and modules with effects outside the program, and the few files that may use
 * each of them. To allow another file, add it here with a reason.
 *
 * @module
 */
import { isProduct } from "./file_kinds.ts";

/** An API that only a few files may use. */
export interface RestrictedApi {
  /** `Deno.x`, a global, a module, or `.method()`. A trailing `*` matches every name with that prefix. */
  readonly names: readonly string[];
  /** Files, or directories with a trailing slash; paths are relative to the root of the repository. */
  readonly allowed: readonly string[];
  /** Why other files may not use it, for the message. */
  readonly reason: string;
  /** Also restricts tests and scripts, which are exempt otherwise. */
  readonly includesTests?: true;
}

const TERMINAL = ["main.ts", "src/cli/"];

export const RESTRICTED_APIS: readonly RestrictedApi[] = [
  {
    names: ["console.*", "Deno.stdin*", "Deno.stdout*", "Deno.stderr*", "alert", "confirm", "prompt"],
    allowed: TERMINAL,
    reason: "only cli accesses the terminal; the library never prints",
  },
  {
    names: [
      "Deno.env",
      "Deno.args",
      "Deno.exit",
      "Deno.exitCode",
      "Deno.addSignalListener",
      "Deno.removeSignalListener",
      "Deno.chdir",
      "Deno.consoleSize",
    ],
    allowed: TERMINAL,
    reason:
      "only cli accesses the environment, the arguments and the exit code; pass the value as an argument",
  },
  {
    names: ["fetch", "Deno.createHttpClient"],
    allowed: ["src/http/transport.ts"],
    reason: "the transport checks redirects and protects credentials",
  },
  {
    names: ["Deno.connect"],
    allowed: [
      // Connects to registries and proxies.
      "src/http/h1/connection.ts",
      // Probes whether another process listens on a Unix socket.
      "src/grpc/socket/unix_socket.ts",
      // Reads the event stream of a running server, which may listen on a Unix socket.
      "src/cli/serve/events.ts",
      // Finds out whether a port uses TLS.
      "src/http/tls/speaks_tls.ts",
    ],
    reason: "requests go through the http module, which applies proxies, TLS and timeouts",
  },
  {
    names: ["Deno.startTls"],
    // Starts TLS after connecting, also through a proxy's tunnel.
    allowed: ["src/http/h1/connection.ts"],
    reason: "one file applies the trusted authorities and the client certificates",
  },
  {
    names: ["Deno.listen"],
    allowed: [
      // Listens on the Unix sockets of gRPC and `--http`.
      "src/grpc/socket/unix_socket.ts",
      // Listens on the TCP address of `--http`.
      "src/cli/commands/node/serve.ts",
    ],
    reason: "only servers listen, and only on the addresses that the operator names",
  },
  {
    names: ["Deno.connect*", "Deno.listen*", "Deno.serve*"],
    allowed: [],
    reason: "clients use the http module; servers use Deno.listen with the http2 and grpc modules",
  },
  {
    names: ["node:crypto", "crypto.subtle"],
    allowed: ["src/base/hash.ts"],
    reason: "one file loads the hash functions, on first use",
  },
  {
    names: ["node:zlib"],
    allowed: ["src/compress/"],
    reason: "only the compress module compresses and decompresses",
  },
  {
    names: ["node:fs"],
    allowed: ["src/base/system/files.ts", "src/store/usage.ts", "src/unpack/fs/deno_fs.ts"],
    reason: "only for calls that Deno lacks: statfs, and owners and times of symlinks",
  },
  {
    names: ["node:*"],
    allowed: [],
    reason: "use Deno's own APIs; loading node modules slows start-up",
  },
  {
    names: ["Deno.dlopen"],
    allowed: ["src/unpack/fs/libc.ts"],
    reason: "one file calls native code",
  },
  {
    names: ["Deno.Command"],
    allowed: ["src/credentials/program.ts"],
    reason: "credential helpers are the only programs that dray runs",
  },
  {
    names: ["Deno.rename", "Deno.renameSync"],
    allowed: [
      "src/store/fs/fs.ts",
      "src/base/system/files.ts",
      // Their files are useless after a crash.
      "src/grpc/socket/socket_owner.ts",
      "src/grpc/socket/unix_socket.ts",
    ],
    reason:
      "a rename commits a file and needs fsync before and after it (grpc renames only its socket and record)",
  },
  {
    names: [
      ".sync()",
      ".syncSync()",
      ".syncData()",
      ".syncDataSync()",
      ".lock()",
      ".lockSync()",
      ".tryLock()",
      ".tryLockSync()",
      ".unlock()",
      ".unlockSync()",
    ],
    allowed: ["src/store/fs/fs.ts", "src/base/system/files.ts"],
    reason: "these files implement durability and locks between processes",
  },
  {
    names: [".pipe()"],
    allowed: [],
    reason: "an error in the source of pipe() ends the process; use a loop or pipeline()",
    includesTests: true,
  },
];

/** Whether a file may use a restricted API. */
export function isAllowed(api: RestrictedApi, path: string): boolean {
  if (!isProduct(path) && api.includesTests !== true) return true;
  return api.allowed.some((place) => place.endsWith("/") ? path.startsWith(place) : path === place);
}

/** The restricted API that a name belongs to, if any. An exact name takes precedence over a prefix. */
export function restrictedApiOf(name: string): RestrictedApi | undefined {
  return RESTRICTED_APIS.find(({ names }) => names.includes(name)) ??
    RESTRICTED_APIS.find(({ names }) =>
      names.some((n) => n.endsWith("*") && name.startsWith(n.slice(0, -1)))
    );
}
