/**
 * The named permission sets of `deno.json`: for root on a server, with everything at its usual place. A flag
 * takes the place of all that a set says of its kind; `dray permissions` gives the flags of any other setting.
 *
 * @module
 */
import { credentialLocations, searchOrderOf } from "../../credentials/locations.ts";
import { SYSTEM_BUNDLES } from "../../registry/tls.ts";
import { readEnvironment, VARIABLES } from "../environment.ts";
import { type Grants, joinGrants, type Scope } from "./grants.ts";
import { KNOWN_REGISTRIES, knownHostsOf } from "./known_hosts.ts";

/** Helper programs that are packaged somewhere, by the system that they are for. */
export const HELPER_PROGRAMS = {
  any: ["acr-env", "desktop", "ecr-login", "env", "gcloud", "gcr", "pass"].map(programOf),
  linux: ["secretservice"].map(programOf),
  others: ["osxkeychain", "wincred"].map(programOf),
} as const;

function programOf(name: string): string {
  return `docker-credential-${name}`;
}

/** Where programs are. The runtime complains of a bare name that is not in the PATH, and of no path. */
const PROGRAM_FOLDERS = ["/usr/bin", "/usr/local/bin"];

const HOME = "/root";
const SERVER = readEnvironment((name) => name === "HOME" ? HOME : undefined, true);
const STORE: readonly string[] = SERVER.storeRoot === undefined ? [] : [SERVER.storeRoot];
const CREDENTIALS = searchOrderOf(
  credentialLocations((name) => name === "XDG_RUNTIME_DIR" ? "/run/user/0" : undefined, HOME),
).map(({ path }) => path);

/** Where the CRI socket is. */
const SOCKET_FOLDER = "/run/dray";

/** Looks at the store. */
const READ = joinGrants({
  read: STORE,
  env: [...VARIABLES.terminal, ...VARIABLES.store],
  sys: ["uid", "statfs"],
});

/** Reaches registries: those that are known, or any. */
function pulling(net: Scope): Grants {
  return joinGrants(READ, {
    read: [...SERVER.certsDirs, ...SYSTEM_BUNDLES, ...CREDENTIALS],
    write: STORE,
    net,
    env: [...VARIABLES.registry, ...VARIABLES.credentials],
    run: PROGRAM_FOLDERS.flatMap((folder) =>
      [...HELPER_PROGRAMS.any, ...HELPER_PROGRAMS.linux].map((name) => `${folder}/${name}`)
    ),
  });
}

/** Every host of the registries that are known. */
export function knownHosts(): readonly string[] {
  return KNOWN_REGISTRIES.flatMap((registry) => {
    const { tokens, blobs } = knownHostsOf(registry) ?? { tokens: [], blobs: [] };
    const host = registry === "docker.io" ? "registry-1.docker.io" : registry;
    return [`${host}:443`, ...tokens, ...blobs];
  });
}

/** The sets by name. */
export const PERMISSION_SETS: Readonly<Record<"read" | "pull" | "serve" | "unpack", Grants>> = {
  read: READ,
  pull: pulling(knownHosts()),
  // A kubelet may name any registry. The paths of sockets can't be listed: Deno 2.9 wants them, 2.6 can't read them.
  serve: joinGrants(pulling("all"), { read: [SOCKET_FOLDER], write: [SOCKET_FOLDER] }),
  // The runtime makes no symbolic link under a scoped permission.
  unpack: joinGrants(READ, { read: "all", write: "all", ffi: "all", sys: ["gid"] }),
};
