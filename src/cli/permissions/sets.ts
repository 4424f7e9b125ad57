/**
 * The named permission sets of `deno.json`: for root on a server, with everything at its usual place. A flag
 * takes the place of all that a set says of its kind; `dray permissions` gives the flags of any other setting.
 *
 * @module
 */
import { credentialLocations, searchOrderOf } from "../../credentials/locations.ts";
import { SYSTEM_BUNDLES } from "../../http/tls/tls.ts";
import { apiHostOf } from "../../oci/docker_hub.ts";
import { readEnvironment, VARIABLES } from "../environment.ts";
import { type Grants, joinGrants } from "./grants.ts";
import { KNOWN_REGISTRIES, knownHostsOf } from "./known_hosts.ts";

/** Helper programs that are packaged somewhere, without what they all begin with. */
export const HELPERS = ["acr-env", "desktop", "ecr-login", "env", "gcloud", "gcr", "pass", "secretservice"];

/** Where programs are. The runtime complains of a bare name that is not in the PATH, and ends without a PATH. */
const PROGRAM_FOLDERS = ["/usr/bin", "/usr/local/bin"];

/** The paths of helper programs, from their names without what they all begin with. */
export function helperPaths(names: readonly string[]): readonly string[] {
  return PROGRAM_FOLDERS.flatMap((folder) => names.map((name) => `${folder}/docker-credential-${name}`));
}

const ROOT_HOME = "/root";
const STORE: readonly string[] = [storeOf(ROOT_HOME)];

/** Where the CRI socket is. */
const SOCKET_FOLDER = "/run/dray";

function storeOf(home: string): string {
  return readEnvironment((name) => name === "HOME" ? home : undefined, true).storeRoot ?? "";
}

/** What says how registries are reached: the system's, and the user's who has this home. */
export function registryFiles(home: string | undefined): readonly string[] {
  return [
    ...readEnvironment((name) => name === "HOME" ? home : undefined, true).certsDirs,
    ...SYSTEM_BUNDLES,
  ];
}

/** Where the user who has this home keeps credentials. */
export function credentialFiles(home: string): readonly string[] {
  const locations = credentialLocations(
    (name) => name === "XDG_RUNTIME_DIR" && home === ROOT_HOME ? "/run/user/0" : undefined,
    home,
  );
  return searchOrderOf(locations).map(({ path }) => path);
}

/** Looks at the store. */
const READ = joinGrants({
  read: STORE,
  env: [...VARIABLES.terminal, ...VARIABLES.store],
  sys: ["uid", "statfs"],
});

/** Fetches into the store, in nobody's name. */
const FETCH = joinGrants(READ, { read: registryFiles(ROOT_HOME), write: STORE, env: VARIABLES.registry });

/** Every host of the registries that are known. */
export function knownHosts(): readonly string[] {
  return KNOWN_REGISTRIES.flatMap((registry) => {
    const { tokens, blobs } = knownHostsOf(registry) ?? { tokens: [], blobs: [] };
    return [`${apiHostOf(registry)}:443`, ...tokens, ...blobs];
  });
}

/** The sets by name. */
export const PERMISSION_SETS: Readonly<Record<"read" | "pull" | "serve" | "unpack", Grants>> = {
  read: READ,
  pull: joinGrants(FETCH, {
    read: credentialFiles(ROOT_HOME),
    net: knownHosts(),
    env: VARIABLES.credentials,
    run: helperPaths(HELPERS),
  }),
  // A kubelet may name any registry, and brings its credentials along. The paths of sockets can't be listed among the
  // hosts: Deno 2.9 wants them there, and 2.6 can't read them.
  serve: joinGrants(FETCH, {
    read: [SOCKET_FOLDER],
    write: [SOCKET_FOLDER],
    net: "all",
    env: VARIABLES.telemetry,
  }),
  // The runtime makes no symbolic link under a scoped permission.
  unpack: joinGrants(READ, { read: "all", write: "all", ffi: "all", sys: ["gid"] }),
};
